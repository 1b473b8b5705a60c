/** How the state of a run follows from its journal: every event, applied in order. */
import type { RetriedStep, RunEvent, WorkRef } from '../domain/events.ts'
import {
  addCost,
  type CallState,
  difference,
  emptyState,
  type RunState,
  type StepState,
  type WorkState,
  waitsForAnswer,
  workOf,
} from './state.ts'

export function foldEvents(runId: string, events: Iterable<RunEvent>): RunState {
  const state = emptyState(runId)
  for (const event of events) foldEvent(state, event)
  return state
}

/** Applies one event to the state, in place. */
export function foldEvent(state: RunState, event: RunEvent): void {
  const began = event.type === 'run.started' || event.type === 'run.created'
  if (!began && state.status === 'running') state.active_ms += Math.max(0, event.time - state.updated_at)
  state.seq = event.seq
  state.updated_at = event.time
  const fold = folds[event.type] as (state: RunState, event: RunEvent) => void
  fold(state, event)
}

type Folds = { [T in RunEvent['type']]: (state: RunState, event: Extract<RunEvent, { type: T }>) => void }

const folds: Folds = {
  'run.created': (state, event) => {
    state.workflow = event.workflow
    if (event.version !== undefined) state.version = event.version
    state.definition_hash = event.definition_hash
    state.inputs = event.inputs
    state.env = event.env
    for (const file of event.files) state.files.set(file.sha256, file)
    if (event.max_concurrency !== undefined) state.max_concurrency = event.max_concurrency
    if (event.budget_usd !== undefined) state.budget_usd = event.budget_usd
    state.sandbox = event.sandbox
    if (event.replay !== undefined) state.replay = event.replay
    if (event.parent) state.parent = event.parent
    state.created_at = event.time
  },
  'run.started': (state, event) => {
    if (event.budget_usd !== undefined) state.budget_usd = event.budget_usd
    reopen(state)
  },
  'run.pausing': (state) => {
    state.pausing = true
  },
  'run.cancelling': (state) => {
    state.cancelling = true
  },
  'run.stopping': (state, event) => {
    state.stopping = event.error
  },
  'run.timed_out': (state, event) => {
    state.timed_out_ms = event.after_ms
  },
  'run.finalising': (state, event) => {
    state.finalising = event.status
  },
  'run.waiting': (state, event) => {
    state.status = 'waiting'
    state.waiting_for = event.waiting_for
    if (event.error) state.error = event.error
    leaveOpen(state)
  },
  'run.settled': (state, event) => {
    state.status = event.status
    state.outputs = event.outputs
    if (event.error) state.error = event.error
    leaveOpen(state)
  },
  'run.retried': (state, event) => {
    state.attempt = event.attempt
    state.definition_hash = event.definition_hash
    for (const reset of event.reset) resetStep(state, reset)
    delete state.finalising
    reopen(state)
  },
  'step.started': (state, event) => {
    const work = newWork(event.time)
    if (event.index === undefined) state.steps.set(event.step, { ...work, items: new Map() })
    else state.steps.get(event.step)?.items.set(event.index, work)
  },
  'foreach.expanded': (state, event) => {
    const step = state.steps.get(event.step)
    if (step) step.count = event.count
  },
  'step.settled': (state, event) => {
    let work = workOf(state, event)
    if (!work) {
      // Skipped, or cancelled before it began: there was no step.started.
      work = newWork(event.time)
      if (event.index === undefined) state.steps.set(event.step, { ...work, items: new Map() })
      else state.steps.get(event.step)?.items.set(event.index, work)
      work = workOf(state, event) ?? work
    }
    // Calls were counted as they settled; what child runs and the questions of plugins cost is known only here.
    // What a foreach cost is the sum of its items, which have settled themselves.
    if (event.index !== undefined || state.steps.get(event.step)?.count === undefined) {
      state.cost_usd = addCost(state.cost_usd, difference(event.cost_usd, work.cost_usd))
      spend(state, event.step, (event.cost_usd ?? 0) - (work.cost_usd ?? 0))
    }
    settle(work, event)
    for (const file of work.files) state.files.set(file.sha256, file)
  },
  'round.settled': (state, event) => {
    const work = workOf(state, event)
    if (!work) return
    // Calls were counted as they settled; what nested runs and the questions of plugins cost is known only here.
    const known = work.rounds.reduce<number | null>((sum, round) => addCost(sum, round.cost_usd), 0)
    const more = difference(event.cost_usd, difference(work.cost_usd, known))
    work.cost_usd = addCost(work.cost_usd, more)
    state.cost_usd = addCost(state.cost_usd, more)
    spend(state, event.step, more ?? 0)
    work.rounds.push({ output: event.output, attempts: event.attempts, cost_usd: event.cost_usd })
    work.calls = []
    if (event.model !== undefined) work.model = event.model
    if (event.saved_usd !== undefined) work.saved_usd = addCost(work.saved_usd ?? 0, event.saved_usd)
    for (const file of event.files ?? []) {
      work.files.push(file)
      state.files.set(file.sha256, file)
    }
  },
  'child.started': (state, event) => {
    const work = workOf(state, event)
    if (work) work.child_run_id = event.run_id
  },
  'approval.requested': (state, event) => {
    const work = workOf(state, event)
    if (!work) return
    work.status = 'waiting'
    work.approval = { message: event.message, inputs: event.inputs }
    if (event.expires_at !== undefined) work.approval.expires_at = event.expires_at
  },
  'approval.answered': (state, event) => {
    const work = workOf(state, event)
    if (!work?.approval) return
    work.status = 'running'
    work.approval.answer = { approved: event.approved, inputs: event.inputs, by: event.by, at: event.time }
  },
  'model.resolved': (state, event) => {
    if (!state.versions.has(event.model)) state.versions.set(event.model, event.version)
  },
  // Kept to explain and to learn from; the intent that follows names the candidate, too.
  'call.routed': () => {},
  'cache.hit': () => {},
  'cache.missed': () => {},
  'call.uploaded': (state, event) => {
    state.uploads.set(event.sha256, event.url)
  },
  'call.intended': (state, event) => {
    const work = workOf(state, event)
    if (!work) return
    const { call, candidate, target, model, body } = event
    const intended: CallState = { call, candidate, target, model, body, intended_at: event.time, counted: 0 }
    if (event.version !== undefined) intended.version = event.version
    if (event.reserve_usd !== undefined) intended.reserve_usd = event.reserve_usd
    // The same call may be intended again: its first create was found to be lost.
    const at = work.calls.findIndex((known) => known.call === call)
    const replaced = at >= 0 ? work.calls[at] : work.calls.at(-1)
    // Given up, and now taken up under another number, or sent again.
    if (replaced && replaced.settled?.status === 'abandoned')
      count(state, event, replaced, replaced.settled.cost_usd ?? 0)
    else if (at >= 0 && replaced) count(state, event, replaced, 0)
    count(state, event, intended, event.reserve_usd ?? 0)
    if (at >= 0) work.calls[at] = intended
    else work.calls.push(intended)
  },
  'call.refused': (state, event) => {
    const call = callOf(state, event)
    if (!call) return
    delete call.reserve_usd
    count(state, event, call, 0)
  },
  'budget.crossed': (state, { budget, soft_usd, spent_usd }) => {
    if (!state.crossed.some((known) => known.budget === budget)) state.crossed.push({ budget, soft_usd, spent_usd })
  },
  'call.created': (state, event) => {
    const call = callOf(state, event)
    if (call) call.id = event.id
  },
  'call.reattached': (state, event) => {
    const call = callOf(state, event)
    if (!call) return
    if (event.how === 'lost') delete call.id
    else if (event.id !== undefined) call.id = event.id
  },
  'call.settled': (state, event) => {
    const call = callOf(state, event)
    const before = call?.settled
    if (call) call.settled = event
    const work = workOf(state, event)
    // A call that was given up and then taken up again settles twice: it is one attempt, and its last word counts.
    const cost = before ? difference(event.cost_usd, before.cost_usd) : event.cost_usd
    if (work) {
      if (!before) work.attempts += 1
      work.cost_usd = addCost(work.cost_usd, cost)
    }
    state.cost_usd = addCost(state.cost_usd, cost)
    const given = call ?? { counted: 0 }
    const reserved = call?.reserve_usd ?? 0
    // What nobody knows the cost of counts as what was set aside; so does what was given up, until it is taken up.
    const isGoingOn = event.status === 'abandoned' && event.retry_in_ms !== undefined
    count(state, event, given, isGoingOn ? reserved : (event.cost_usd ?? reserved))
  },
  'feedback.given': () => {},
}

/** What budgets count of a call, in place of what they did. */
function count(state: RunState, { step }: WorkRef, call: Pick<CallState, 'counted'>, usd: number): void {
  spend(state, step, usd - call.counted)
  call.counted = usd
}

function spend(state: RunState, step: string, usd: number): void {
  state.spent_usd += usd
  state.spent_in.set(step, (state.spent_in.get(step) ?? 0) + usd)
}

function newWork(time: number): WorkState {
  return {
    status: 'running',
    started_at: time,
    attempts: 0,
    latency_ms: 0,
    cost_usd: 0,
    files: [],
    rounds: [],
    calls: [],
  }
}

function settle(work: WorkState, event: Extract<RunEvent, { type: 'step.settled' }>): void {
  work.status = event.status
  work.settled_at = event.time
  work.attempts = event.attempts
  work.latency_ms = event.latency_ms
  work.cost_usd = event.cost_usd
  if (event.output) work.output = event.output
  if (event.error) work.error = event.error
  if (event.reason !== undefined) work.reason = event.reason
  if (event.model !== undefined) work.model = event.model
  if (event.cached !== undefined) work.cached = event.cached
  if (event.saved_usd !== undefined) work.saved_usd = event.saved_usd
  if (event.files) work.files = event.files
  work.calls = []
  delete work.retries_nested
}

function callOf(state: RunState, event: WorkRef & { call: number }): CallState | undefined {
  return workOf(state, event)?.calls.find((call) => call.call === event.call)
}

/** What is not settled when a run stops waits for a resume. */
function leaveOpen(state: RunState): void {
  for (const step of state.steps.values()) {
    for (const work of [step, ...step.items.values()]) if (work.status === 'running') work.status = 'waiting'
  }
}

/** A driver goes on: what ended the run is over, what was cancelled may begin again (ruling 22). */
function reopen(state: RunState): void {
  const settled = state.status === 'failed' || state.status === 'cancelled'
  state.status = 'running'
  state.pausing = false
  state.cancelling = false
  delete state.waiting_for
  delete state.stopping
  delete state.timed_out_ms
  delete state.error
  delete state.outputs
  if (settled) delete state.finalising
  for (const [id, step] of state.steps) {
    if (step.status !== 'cancelled' || step.count !== undefined) reopenItems(step)
    else if (!goesOn(step)) state.steps.delete(id)
  }
}

function reopenItems(step: StepState): void {
  if (step.status !== 'cancelled' && step.status !== 'running' && step.status !== 'waiting') return
  let open = step.status === 'cancelled'
  for (const [index, item] of step.items) {
    if (item.status === 'waiting' && !waitsForAnswer(item)) item.status = 'running'
    if (item.status !== 'cancelled') continue
    if (!goesOn(item)) step.items.delete(index)
    open = true
  }
  if (open || (step.status === 'waiting' && !waitsForAnswer(step))) unsettle(step)
}

/** Cancelled work begins anew, but for what is settled inside it: rounds of a repeat, steps of its nested run. */
function goesOn(work: WorkState): boolean {
  if (work.rounds.length === 0 && work.child_run_id === undefined) return false
  unsettle(work)
  return true
}

function unsettle(step: WorkState): void {
  step.status = 'running'
  delete step.output
  delete step.error
  delete step.reason
  delete step.settled_at
}

function resetStep(state: RunState, { step: id, indexes, nested }: RetriedStep): void {
  const step = state.steps.get(id)
  if (!step) return
  if (!indexes) {
    // A step that begins anew has its budget anew.
    state.spent_in.delete(id)
    if (!keepsNested(step, nested)) state.steps.delete(id)
    return
  }
  for (const index of indexes) {
    const item = step.items.get(index)
    if (item && !keepsNested(item, nested)) step.items.delete(index)
  }
  unsettle(step)
}

/** Work whose nested run is retried goes on with that run: what is settled in it is not paid for again. */
function keepsNested(work: WorkState, nested: true | undefined): boolean {
  if (!nested || work.child_run_id === undefined) return false
  unsettle(work)
  work.retries_nested = true
  return true
}
