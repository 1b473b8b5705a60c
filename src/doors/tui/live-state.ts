/** What the live tree shows of a run: a fold over its news, small and immutable, with counts in place of items. */
import type { RunEvent, RunNews, WorkRef } from '../../domain/events.ts'
import type { RunStatus, StepStatus } from '../../domain/run.ts'

/** `pending`: not begun yet. */
export type StepPhase = 'pending' | StepStatus

/** A step as the plan has it. */
export interface LiveStep {
  id: string
  group: 'steps' | 'finally'
  /** 0: it needs nothing. */
  level: number
}

export interface LivePlan {
  run_id: string
  title: string
  /** In the order in which they are shown. */
  steps: readonly LiveStep[]
}

/** The items of a foreach, counted. */
export interface ItemsView {
  total: number
  /** Begun and not settled, by index: never more than the step's window. */
  open: ReadonlyMap<number, 'running' | 'waiting'>
  succeeded: number
  failed: number
  skipped: number
  cancelled: number
}

export interface StepView extends LiveStep {
  phase: StepPhase
  /** Epoch milliseconds. */
  started_at: number | undefined
  /** Milliseconds, once settled. */
  latency_ms: number | undefined
  model: string | undefined
  /** Number of the attempt in flight, or of all attempts once settled. */
  attempts: number
  /** Epoch milliseconds, while it waits for its next attempt. */
  retry_at: number | undefined
  /** Dollars; null: a part is unknown. */
  cost_usd: number | null
  cached: boolean
  /** Of a cached one; null: unknown. */
  saved_usd: number | null
  /** What there is to say: progress, an error, why it was skipped, what it asks. */
  note: string | undefined
  /** It waits for a person's answer. */
  asks: boolean
  items: ItemsView | undefined
}

export interface LiveState {
  run_id: string
  title: string
  status: RunStatus
  waiting_for: 'approval' | 'resume' | undefined
  cancelling: boolean
  /** Epoch milliseconds. */
  started_at: number | undefined
  ended_at: number | undefined
  /** Spent by steps that run again. */
  spent_before: number | null
  error: string | undefined
  steps: ReadonlyMap<string, StepView>
}

export function startLiveState(plan: LivePlan): LiveState {
  return {
    run_id: plan.run_id,
    title: plan.title,
    status: 'running',
    waiting_for: undefined,
    cancelling: false,
    started_at: undefined,
    ended_at: undefined,
    spent_before: 0,
    error: undefined,
    steps: new Map(plan.steps.map((step) => [step.id, pendingStep(step)])),
  }
}

/** Dollars of all steps so far; null when a part is unknown. */
export function totalCost(state: LiveState): number | null {
  let total = state.spent_before
  for (const step of state.steps.values()) total = add(total, step.cost_usd)
  return total
}

/** Items of a foreach that are settled, whichever way. */
export function settledItems(items: ItemsView): number {
  return items.succeeded + items.failed + items.skipped + items.cancelled
}

/** The state after one more piece of news; news of other runs (nested ones too) changes nothing. */
export function foldNews(state: LiveState, { run_id, event }: RunNews): LiveState {
  if (run_id !== state.run_id) return state
  return 'step' in event ? foldStepEvent(state, event) : foldRunEvent(state, event)
}

type AnyEvent = RunNews['event']
type StepEvent = Extract<AnyEvent, WorkRef>
type OwnEvent = Exclude<AnyEvent, WorkRef>

// ── the run ──

function foldRunEvent(state: LiveState, event: OwnEvent): LiveState {
  switch (event.type) {
    case 'run.created':
      return { ...state, started_at: event.time }
    case 'run.started':
      return reopened(state, event.time)
    case 'run.retried':
      return reset(state, event)
    case 'run.cancelling':
      return { ...state, cancelling: true }
    case 'run.stopping':
      return { ...state, error: event.error.message }
    case 'run.waiting':
      return waiting({ ...state, status: 'waiting', waiting_for: event.waiting_for, ended_at: event.time })
    case 'run.settled':
      return { ...state, status: event.status, error: event.error?.message, ended_at: event.time }
    case 'run.pausing':
    case 'run.timed_out':
    case 'run.finalising':
      return state
  }
}

/** A driver begins or goes on: what was called off may begin again. */
function reopened(state: LiveState, time: number): LiveState {
  const steps = new Map(state.steps)
  for (const [id, step] of steps) {
    if (step.phase === 'cancelled') steps.set(id, step.items ? begunAgain(step) : pendingStep(step))
    else if (step.phase === 'waiting' && !step.asks) steps.set(id, { ...step, phase: 'running' })
  }
  return {
    ...state,
    steps,
    status: 'running',
    waiting_for: undefined,
    cancelling: false,
    error: undefined,
    started_at: time,
    ended_at: undefined,
  }
}

function begunAgain(step: StepView): StepView {
  const items = step.items && { ...step.items, cancelled: 0 }
  return { ...step, items, phase: 'running', latency_ms: undefined, note: undefined }
}

function reset(state: LiveState, { reset: again }: Extract<RunEvent, { type: 'run.retried' }>): LiveState {
  const steps = new Map(state.steps)
  let spent = state.spent_before
  for (const { step: id, indexes } of again) {
    const step = steps.get(id)
    if (!step) continue
    if (indexes && step.items) {
      const { failed, cancelled } = step.items
      const stillFailed = Math.max(0, failed - indexes.length)
      const stillCancelled = Math.max(0, cancelled - Math.max(0, indexes.length - failed))
      steps.set(id, { ...begunAgain(step), items: { ...step.items, failed: stillFailed, cancelled: stillCancelled } })
    } else {
      spent = add(spent, step.cost_usd)
      steps.set(id, pendingStep(step))
    }
  }
  return { ...state, steps, spent_before: spent }
}

function waiting(state: LiveState): LiveState {
  const steps = new Map(state.steps)
  for (const [id, step] of steps) if (step.phase === 'running') steps.set(id, { ...step, phase: 'waiting' })
  return { ...state, steps }
}

// ── a step ──

type Folds = { [T in StepEvent['type']]?: (step: StepView, event: Extract<StepEvent, { type: T }>) => StepView }

function foldStepEvent(state: LiveState, event: StepEvent): LiveState {
  const step = state.steps.get(event.step)
  if (!step) return state
  const folds = 'index' in event && event.index !== undefined ? itemFolds : stepFolds
  const fold = folds[event.type] as ((step: StepView, event: StepEvent) => StepView) | undefined
  const next = fold ? fold(step, event) : step
  if (next === step) return state
  return { ...state, steps: new Map(state.steps).set(step.id, next) }
}

const stepFolds: Folds = {
  'step.started': (step, event) => ({ ...pendingStep(step), phase: 'running', started_at: event.time }),
  'foreach.expanded': (step, event) => (step.items ? step : { ...step, items: noItems(event.count) }),
  'step.settled': (step, event) => ({
    ...step,
    phase: event.status,
    started_at: step.started_at ?? event.time,
    latency_ms: event.latency_ms,
    attempts: event.attempts,
    cost_usd: event.cost_usd,
    model: event.model ?? step.model,
    cached: event.cached ?? false,
    saved_usd: event.saved_usd ?? null,
    note: event.error?.message ?? event.reason,
    retry_at: undefined,
    asks: false,
  }),
  'approval.requested': (step, event) => ({ ...step, phase: 'waiting', asks: true, note: event.message }),
  'approval.answered': (step, event) => ({
    ...step,
    phase: 'running',
    asks: false,
    note: `${event.approved ? 'approved' : 'rejected'} by ${event.by}`,
  }),
  'round.settled': (step, event) => ({ ...step, note: `round ${event.round} done` }),
  'child.started': (step, event) => ({ ...step, note: `run ${event.run_id}` }),
  'call.intended': (step, event) => ({
    ...step,
    model: event.model,
    attempts: event.call,
    retry_at: undefined,
    note: undefined,
  }),
  'call.reattached': (step, event) =>
    event.how === 'known_id' || event.how === 'searched' ? { ...step, note: 'taken up again' } : step,
  'call.settled': (step, event) => ({
    ...step,
    cost_usd: add(step.cost_usd, event.cost_usd),
    retry_at: event.retry_in_ms === undefined ? undefined : event.time + event.retry_in_ms,
    note: event.error?.message ?? step.note,
  }),
  // Pieces of text would flicker past; a model that is still starting is worth a word.
  'call.progress': (step, { status }) => {
    const note = status === 'starting' ? 'starting' : undefined
    return status === undefined || note === step.note ? step : { ...step, note }
  },
}

const itemFolds: Folds = {
  'step.started': (step, event) => withOpen(step, (open) => open.set(indexOf(event), 'running')),
  'approval.requested': (step, event) => ({
    ...withOpen(step, (open) => open.set(indexOf(event), 'waiting')),
    note: event.message,
  }),
  'approval.answered': (step, event) => withOpen(step, (open) => open.set(indexOf(event), 'running')),
  'step.settled': (step, event) => {
    const next = withOpen(step, (open) => open.delete(indexOf(event)))
    const items = next.items && { ...next.items, [event.status]: next.items[event.status] + 1 }
    return { ...next, items, model: event.model ?? step.model }
  },
  'call.intended': (step, event) => (event.model === step.model ? step : { ...step, model: event.model }),
  'call.settled': (step, event) =>
    event.cost_usd === 0 ? step : { ...step, cost_usd: add(step.cost_usd, event.cost_usd) },
}

const indexOf = ({ index }: WorkRef): number => index ?? 0

/** The step with its open items changed; as long as one of them asks something, the step does. */
function withOpen(step: StepView, change: (open: Map<number, 'running' | 'waiting'>) => unknown): StepView {
  const items = step.items ?? noItems(0)
  const open = new Map(items.open)
  change(open)
  const asks = [...open.values()].includes('waiting')
  return { ...step, items: { ...items, open }, asks, note: step.asks && !asks ? undefined : step.note }
}

function noItems(total: number): ItemsView {
  return { total, open: new Map(), succeeded: 0, failed: 0, skipped: 0, cancelled: 0 }
}

function pendingStep({ id, group, level }: LiveStep): StepView {
  return {
    id,
    group,
    level,
    phase: 'pending',
    started_at: undefined,
    latency_ms: undefined,
    model: undefined,
    attempts: 0,
    retry_at: undefined,
    cost_usd: 0,
    cached: false,
    saved_usd: null,
    note: undefined,
    asks: false,
    items: undefined,
  }
}

function add(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}
