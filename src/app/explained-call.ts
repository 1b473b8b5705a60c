/** The call that `router explain` is asked about: that of a step of a workflow, or of `agents run`. */
import type { StepDefinition, WorkflowDefinition } from '../domain/definition.ts'
import { UsageError } from '../domain/errors.ts'
import type { QosPolicy } from '../domain/routing.ts'
import type { CallLabels } from '../executor/contract.ts'
import { defined } from '../std/defined.ts'
import { ownValue } from '../std/own-entry.ts'
import { suggest } from '../std/suggest.ts'
import { chainOf } from '../workflow/running/chain.ts'
import type { ActionContext } from './action.ts'
import type { App } from './app.ts'
import { findAgent, namedAgents } from './named-agents.ts'
import { oneStepWorkflow } from './one-step.ts'
import { openWorkflow } from './workflow-file.ts'

/** Policies that are absent are those of the step. */
export type AskedCall = { [K in keyof QosPolicy]?: QosPolicy[K] | undefined } & {
  agent: string
  /** `WORKFLOW/STEP`, or STEP where one workflow only has the agent; absent: a call of `agents run`. */
  step?: string | undefined
  task?: string | undefined
}

export interface ExplainedCall {
  agent: string
  /** Has the agent as the call would find it: a workflow's own comes before one of the configuration. */
  definition: WorkflowDefinition
  step: StepDefinition
  /** Contexts are learned by workflow and step. */
  labels: CallLabels
}

/** Throws UsageError when there is no such agent or step, or the step does not call it; what `openWorkflow` throws. */
export async function explainedCall(app: App, asked: AskedCall, context: ActionContext): Promise<ExplainedCall> {
  const { agent, step: written } = asked
  if (written !== undefined && written !== `${agent}/call`)
    return policed(await inWorkflow(app, agent, written, context), asked)
  const { siblings } = await findAgent(app, agent)
  const { definition } = oneStepWorkflow({ name: agent, agents: siblings, inputs: {}, cwd: app.cwd })
  const [[id, step]] = Object.entries(definition.steps) as [[string, StepDefinition]]
  return policed({ agent, definition, step, labels: { run_id: 'explain', workflow: agent, step: id } }, asked)
}

async function inWorkflow(app: App, agent: string, written: string, context: ActionContext): Promise<ExplainedCall> {
  const [id = '', workflow = await onlyWorkflow(app, agent, written)] = written.split('/', 2).toReversed()
  if (id === '' || workflow === '') throw whichWorkflow(written)
  const { definition } = await openWorkflow(app, workflow, context)
  const steps = { ...definition.steps, ...definition.finally }
  const step = ownValue(steps, id)
  if (!step) {
    const near = suggest(id, Object.keys(steps))
    throw new UsageError(`workflow "${definition.name}" has no step "${id}"`, {
      hint: near === undefined ? `it has ${Object.keys(steps).join(', ')}` : `did you mean "${near}"?`,
    })
  }
  const called = [...new Set(chainOf(definition, step).map(({ name }) => name))]
  if (!called.includes(agent)) {
    throw new UsageError(`step "${id}" of ${definition.name} does not call an agent "${agent}"`, {
      hint: called.length === 0 ? 'it calls nothing' : `it calls ${called.map((name) => `"${name}"`).join(', ')}`,
    })
  }
  return { agent, definition, step, labels: { run_id: 'explain', workflow: definition.name, step: id } }
}

/** Throws UsageError when none or several have the agent. */
async function onlyWorkflow(app: App, agent: string, step: string): Promise<string> {
  const { agents } = await namedAgents(app)
  const all = agents.filter(({ name }) => name === agent)
  if (all.length === 0) await findAgent(app, agent)
  const workflows = all.flatMap((found) => found.workflows)
  const [only, ...others] = workflows
  if (only === undefined || others.length > 0) throw whichWorkflow(step, agent, workflows)
  return only
}

function whichWorkflow(step: string, agent = '', workflows: readonly string[] = []): UsageError {
  return new UsageError(`which workflow is the step "${step}" of?`, {
    hint: `write WORKFLOW/STEP${workflows.length > 0 ? `; "${agent}" is called by ${workflows.join(', ')}` : ''}`,
  })
}

function policed(call: ExplainedCall, asked: AskedCall): ExplainedCall {
  const { tier, latency_cap_ms, cost_cap_usd, quality_floor, task } = asked
  const own = defined({ tier, latency_cap_ms, cost_cap_usd, quality_floor })
  const qos = { ...call.step.qos, ...own }
  const step = {
    ...call.step,
    ...(task !== undefined && { task }),
    ...(Object.keys(qos).length > 0 && { qos }),
  }
  return { ...call, step }
}
