/** How answers of an agent are scored, compiled; and the workflow of one step that asks its judge. */
import type { AgentDefinition, WorkflowDefinition } from '../../domain/definition.ts'
import type { JudgePolicy, QualityPolicy } from '../../domain/routing.ts'
import { checkExpression } from '../../expression/check.ts'
import type { Expression, ExpressionProblem } from '../../expression/parse.ts'
import { anyType, numberType, stringType, type ValueType } from '../../expression/value-type.ts'
import type { Path } from '../../documents/yaml-places.ts'
import { parseTemplate, type Template } from '../template.ts'
import { parseBareExpression } from './bare-expression.ts'

export interface CompiledQuality {
  expression: Expression | undefined
  judge: { input: Template; score: Expression | undefined; sample: number } | undefined
  accept: number | undefined
}

/** Something wrong with a policy; `path` is within it, `offset` within the text there. */
export interface QualityProblem {
  path: Path
  problem: ExpressionProblem
  offset: number
}

/** What expressions about an answer may read. */
const answerNames: Record<string, ValueType> = {
  input: { kind: 'object', fields: {}, open: true },
  output: anyType,
  model: stringType,
  cost: anyType,
  cost_usd: anyType,
  latency_ms: numberType,
}

/** Compiles what can be read; what can't is left out and named in `problems`. */
export function compileQuality(policy: QualityPolicy): { quality: CompiledQuality; problems: QualityProblem[] } {
  const problems: QualityProblem[] = []
  const { expression, judge, accept } = policy
  const quality: CompiledQuality = {
    expression: bare(['expression'], expression, answerNames),
    judge: judge && {
      input: template(['judge', 'input'], judge),
      score: bare(['judge', 'score'], judge.score, { output: anyType }),
      sample: judge.sample,
    },
    accept,
  }
  return { quality, problems }

  function bare(path: Path, text: string | undefined, names: Record<string, ValueType>): Expression | undefined {
    if (text === undefined) return undefined
    const outcome = parseBareExpression(text)
    const found = outcome.ok
      ? checkExpression(outcome.expression, { names, statusFunctions: false }).problems
      : outcome.problems
    for (const problem of found) problems.push({ path, problem, offset: outcome.offset })
    return outcome.ok ? outcome.expression : undefined
  }

  function template(path: Path, { input }: JudgePolicy): Template {
    const { template: compiled, problems: found } = parseTemplate(input, 'judge.input')
    for (const { problem, path: within, offset } of found)
      problems.push({ path: [...path, ...within], problem, offset })
    for (const { expression: part, path: within, offset } of compiled.expressions) {
      const checked = checkExpression(part, { names: answerNames, statusFunctions: false })
      for (const problem of checked.problems) problems.push({ path: [...path, ...within], problem, offset })
    }
    return compiled
  }
}

const judgeRef = 'judge of '

/** The reference by which the judge of an agent is a nested workflow of every definition that has the agent. */
export function judgeReference(agent: string): string {
  return `${judgeRef}${agent}`
}

/** The workflow behind a reference to a judge; undefined: it is none, or that agent has no judge here. */
export function judgeWorkflow(
  agents: Readonly<Record<string, AgentDefinition>>,
  ref: string,
): WorkflowDefinition | undefined {
  const name = ref.startsWith(judgeRef) ? ref.slice(judgeRef.length) : ''
  const judge = Object.hasOwn(agents, name) ? agents[name]?.routing?.quality?.judge : undefined
  if (!judge) return undefined
  const request = (key: string): string => `\${{ inputs.request[${JSON.stringify(key)}] }}`
  return {
    name: `judge_${name}`,
    env: [],
    inputs: { request: { type: 'object', required: true, secret: false } },
    // Nobody judges the judge.
    agents: Object.fromEntries(Object.entries(agents).map(([key, agent]) => [key, withoutQuality(agent)])),
    steps: {
      judge: {
        action: judge.agent.includes('/')
          ? { kind: 'model', model: judge.agent }
          : { kind: 'agent', agent: judge.agent },
        needs: [],
        input: Object.fromEntries(Object.keys(judge.input).map((key) => [key, request(key)])),
        on_error: 'fail',
        fallback: [],
      },
    },
    finally: {},
    outputs: { output: '${{ steps.judge.output }}' },
    max_concurrency: 1,
    workflows: {},
  }
}

function withoutQuality(agent: AgentDefinition): AgentDefinition {
  if (!agent.routing?.quality) return agent
  const { quality: _quality, ...routing } = agent.routing
  return { ...agent, routing }
}
