/** Which steps run again in a new `run.attempt`, and why (ruling 21). Pure. */
import type { WorkflowDefinition } from '../domain/definition.ts'
import { NonRetryableError, UsageError } from '../domain/errors.ts'
import { canonicalJson, type Json } from '../std/json.ts'
import { suggest } from '../std/suggest.ts'
import type { EventOf } from '../domain/events.ts'
import type { Plan } from './plan.ts'
import type { RunState, StepState } from './state.ts'

export interface Reset {
  step: string
  /** Only these items of a foreach. */
  indexes?: number[]
  /** Only what failed in its nested run. */
  nested?: true
  why: string
}

/** The event that begins the new attempt. */
export function retried(plan: Plan, state: RunState, resets: readonly Reset[], by: string): EventOf<'run.retried'> {
  const reset = resets.map(({ why: _why, ...step }) => step)
  return { type: 'run.retried', attempt: state.attempt + 1, reset, definition_hash: plan.hash, by }
}

/** `failed`: what failed; `steps`: these; `from`: this one. Whatever depends on them runs again, too. */
export type RetryChoice = { failed: true } | { steps: readonly string[] } | { from: string }

export function resetsOf(plan: Plan, state: RunState, choice: RetryChoice): Reset[] {
  const chosen =
    'failed' in choice ? failedSteps(plan, state) : namedSteps(plan, 'from' in choice ? [choice.from] : choice.steps)
  if (chosen.length === 0)
    throw new UsageError('no step of this run failed: there is nothing to retry', { hint: 'name a step with --step' })
  return withFollowers(plan, state, chosen)
}

/** What differs between the run's own definition and another one, and everything that depends on it. */
export function resetsOfDefinition(before: WorkflowDefinition, plan: Plan, state: RunState): Reset[] {
  const current = plan.definition
  const chosen: Reset[] = []
  for (const id of state.steps.keys()) {
    const old = before.steps[id] ?? before.finally[id]
    const now = current.steps[id] ?? current.finally[id]
    if (!now) chosen.push({ step: id, why: 'it is no longer in the definition' })
    else if (!old || textOf(before, old) !== textOf(current, now))
      chosen.push({ step: id, why: 'its definition changed' })
  }
  const failed = failedSteps(plan, state).filter(({ step }) => !chosen.some((reset) => reset.step === step))
  return withFollowers(plan, state, [...chosen, ...failed])
}

/** A step with the agents and nested workflows that it uses, as text. */
function textOf(definition: WorkflowDefinition, step: WorkflowDefinition['steps'][string]): string {
  const { action } = step
  const names = [...(action.kind === 'agent' ? [action.agent] : []), ...step.fallback]
  const agents = names.map((name) => definition.agents[name] ?? null)
  const nested = action.kind === 'workflow' ? (definition.workflows[action.ref] ?? null) : null
  return canonicalJson([step, agents, nested] as unknown as Json)
}

function failedSteps(plan: Plan, state: RunState): Reset[] {
  const resets: Reset[] = []
  for (const [id, step] of state.steps) {
    const indexes = failedItems(step)
    // Of a foreach that went on without them (`on_error: continue`), items may have failed though the step did not.
    if (step.status !== 'failed' && !(step.status === 'succeeded' && indexes.length > 0)) continue
    const reset: Reset =
      indexes.length > 0
        ? { step: id, indexes, why: `${indexes.length} of its items failed` }
        : { step: id, why: 'it failed' }
    if (plan.steps.get(id)?.definition.action.kind === 'workflow') reset.nested = true
    resets.push(reset)
  }
  return resets
}

function failedItems(step: StepState): number[] {
  return [...step.items]
    .filter(([, item]) => item.status === 'failed' || item.status === 'cancelled')
    .map(([index]) => index)
}

function namedSteps(plan: Plan, names: readonly string[]): Reset[] {
  return names.map((name) => {
    if (plan.steps.has(name)) return { step: name, why: 'it was asked for' }
    const near = suggest(name, plan.steps.keys())
    const hint = near === undefined ? `its steps: ${[...plan.steps.keys()].join(', ')}` : `did you mean "${near}"?`
    throw new UsageError(`the run has no step "${name}"`, { hint })
  })
}

/** Adds everything downstream that has a state, and the finally steps: they run once in every attempt (ruling 14). */
function withFollowers(plan: Plan, state: RunState, chosen: readonly Reset[]): Reset[] {
  const resets = new Map(chosen.map((reset) => [reset.step, reset]))
  const open = [...resets.keys()]
  while (open.length > 0) {
    const id = open.pop() as string
    for (const dependent of plan.steps.get(id)?.dependents ?? []) {
      if (resets.has(dependent)) continue
      resets.set(dependent, { step: dependent, why: `it depends on "${id}"` })
      open.push(dependent)
    }
  }
  for (const step of plan.steps.values()) {
    if (step.group === 'finally' && !resets.has(step.id))
      resets.set(step.id, { step: step.id, why: '`finally` runs once in every attempt' })
  }
  for (const id of resets.keys()) if (!state.steps.has(id)) resets.delete(id)
  return [...resets.values()]
}

export function assertRetryable(state: RunState): void {
  if (state.status === 'running' || state.status === 'waiting') {
    throw new NonRetryableError('usage', `run ${state.run_id} is not over (${state.status})`, {
      hint: '`runs resume` goes on with it',
    })
  }
}
