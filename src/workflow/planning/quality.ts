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
  // Nobody judges the judge.
  const unjudged = Object.fromEntries(Object.entries(agents).map(([key, agent]) => [key, withoutQuality(agent)]))
  return questionWorkflow(
    { name: `judge_${name}`, step: 'judge', agents: unjudged, env: [] },
    judge.agent,
    Object.keys(judge.input),
  )
}

/** Asks one agent or model; what it is asked is the input `request`, which has these names. */
export function questionWorkflow(
  { step, ...named }: Pick<WorkflowDefinition, 'name' | 'agents' | 'env'> & { step: string },
  asked: string,
  names: readonly string[],
): WorkflowDefinition {
  const request = (key: string): string => `\${{ inputs.request[${JSON.stringify(key)}] }}`
  return {
    ...named,
    inputs: { request: { type: 'object', required: true, secret: false } },
    steps: {
      [step]: {
        action: asked.includes('/') ? { kind: 'model', model: asked } : { kind: 'agent', agent: asked },
        needs: [],
        input: Object.fromEntries(names.map((key) => [key, request(key)])),
        on_error: 'fail',
        fallback: [],
      },
    },
    finally: {},
    outputs: { output: `\${{ steps.${step}.output }}` },
    max_concurrency: 1,
    workflows: {},
  }
}

function withoutQuality(agent: AgentDefinition): AgentDefinition {
  if (!agent.routing?.quality) return agent
  const { quality: _quality, ...routing } = agent.routing
  return { ...agent, routing }
}
