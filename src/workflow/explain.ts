/** What a run would do, step by step, and why: for a workflow not yet run, and for a run that stopped. */
import type { Candidate } from '../executor/contract.ts'
import { callSpecOf } from './running/chain.ts'
import type { Plan, PlanStep } from './plan.ts'
import { addCost, type CallState, isSettled, type RunState, type StepState, waitsForAnswer } from './state.ts'

export type StepDecision = 'run' | 'reuse' | 'reattach' | 'skip' | 'ask'

export interface ExplainedStep {
  id: string
  group: 'steps' | 'finally'
  level: number
  decision: StepDecision
  why: string
  needs: { id: string; implied: boolean }[]
  /** What would answer, where a model or agent is called. */
  model?: string
  /** Dollars, upper bound for one call; null: unknown. 0 for what calls nothing. */
  estimate_usd: number | null
  /** Dollars that were paid before and need not be paid again. */
  saved_usd?: number | null
}

export interface PlanReport {
  workflow: string
  run_id?: string
  levels: string[][]
  steps: ExplainedStep[]
  /** Of the steps that would run; null when one is unknown. A foreach counts its items only where they are known. */
  estimate_usd: number | null
  saved_usd?: number | null
}

/** An upper bound of what one call costs, dollars, within its timeout where it has one. */
export type Estimate = (candidate: Candidate, timeoutMs: number | undefined) => Promise<number | null>

/** `state` is that of a run that would be resumed; without it nothing has happened yet. */
export async function explainPlan(plan: Plan, estimate: Estimate, state?: RunState): Promise<PlanReport> {
  const steps: ExplainedStep[] = []
  for (const step of plan.steps.values()) steps.push(await explainStep(plan, step, estimate, state?.steps.get(step.id)))
  const open = steps.filter((step) => step.decision === 'run' || step.decision === 'reattach')
  const report: PlanReport = {
    workflow: plan.definition.name,
    levels: plan.levels.map((level) => [...level]),
    steps,
    estimate_usd: open.reduce<number | null>((sum, step) => addCost(sum, step.estimate_usd), 0),
  }
  if (!state) return report
  const saved = steps.reduce<number | null>((sum, step) => addCost(sum, step.saved_usd ?? 0), 0)
  return { ...report, run_id: state.run_id, saved_usd: saved }
}

async function explainStep(
  plan: Plan,
  step: PlanStep,
  estimate: Estimate,
  state: StepState | undefined,
): Promise<ExplainedStep> {
  const { action } = step.definition
  const { chain, timeout_ms } = callSpecOf(plan.definition, step.definition, {})
  const [first] = chain
  const explained: ExplainedStep = {
    id: step.id,
    group: step.group,
    level: step.level,
    ...decide(step, state),
    needs: step.needs.map(({ id, implied }) => ({ id, implied })),
    estimate_usd: action.kind === 'workflow' ? null : 0,
  }
  if (first) {
    explained.model = first.model
    const one = await estimate(first, timeout_ms ?? first.timeout_ms)
    explained.estimate_usd = one === null ? null : inAll(step, one, state)
  }
  if (explained.decision === 'reuse' || explained.decision === 'reattach') {
    explained.saved_usd = state?.cost_usd ?? null
    if (explained.decision === 'reuse') explained.estimate_usd = 0
  }
  return explained
}

/** Of every item of a foreach, where it is known how many there are. */
function inAll(step: PlanStep, one: number, state: StepState | undefined): number | null {
  const times = state?.count ?? literalCount(step)
  return times === undefined ? (step.definition.foreach ? null : one) : one * times
}

function literalCount(step: PlanStep): number | undefined {
  const list = step.definition.foreach?.in
  return Array.isArray(list) ? list.length : undefined
}

function decide(step: PlanStep, state: StepState | undefined): { decision: StepDecision; why: string } {
  if (state && isSettled(state) && state.status !== 'cancelled') return settledBefore(state)
  const open = state && openCalls(state)
  if (open && open.length > 0) return { decision: 'reattach', why: reattachWhy(open) }
  if (state && state.count !== undefined) {
    const done = [...state.items.values()].filter((item) => isSettled(item) && item.status !== 'cancelled').length
    return { decision: 'run', why: `${done} of ${state.count} items are done` }
  }
  if (state?.approval && waitsForAnswer(state))
    return { decision: 'ask', why: `it waits for an answer: ${state.approval.message}` }
  if (state)
    return {
      decision: 'run',
      why: state.status === 'cancelled' ? 'it was cancelled' : 'it had begun and nothing was called yet',
    }
  return notBegun(step)
}

function settledBefore(state: StepState): { decision: StepDecision; why: string } {
  if (state.status === 'skipped') return { decision: 'skip', why: state.reason ?? 'it was skipped' }
  return {
    decision: 'reuse',
    why: state.status === 'failed' ? 'it failed; `runs retry` runs it again' : 'its result is in the journal',
  }
}

function notBegun(step: PlanStep): { decision: StepDecision; why: string } {
  const needs = step.needs.map((need) => need.id)
  const after = needs.length === 0 ? 'at once' : `after ${needs.join(', ')}`
  const when = step.group === 'finally' ? 'when all steps are over' : after
  const condition = step.condition ? `, if ${step.condition.expression.source}` : ''
  const kind = step.definition.action.kind
  return { decision: kind === 'approval' ? 'ask' : 'run', why: `${when}${condition}` }
}

function openCalls(state: StepState): CallState[] {
  return [state, ...state.items.values()].flatMap((work) => work.calls.filter((call) => !call.settled))
}

function reattachWhy(open: readonly CallState[]): string {
  const ids = open.flatMap((call) => (call.id === undefined ? [] : [call.id]))
  if (ids.length === 0) return 'its call went out and no id came back: recent predictions are searched first'
  return ids.length === 1 ? `prediction ${ids[0]} is asked for again` : `${ids.length} predictions are asked for again`
}
