/** The items of a running foreach: which come next, within a bounded window, and how the step ends. */
import { type ErrorData, NonRetryableError, toErrorData } from '../../domain/errors.ts'
import type { EventOf, WorkRef } from '../../domain/events.ts'
import type { Json } from '../../std/json.ts'
import type { EvaluateContext } from '../../expression/evaluate.ts'
import type { PlanStep } from '../plan.ts'
import type { Scope } from './scope.ts'
import { addCost, isSettled, type StepState, waitsForAnswer } from '../state.ts'
import { renderTemplate } from '../template.ts'

export interface FanOut {
  readonly step: PlanStep
  readonly list: readonly Json[]
  /** Without the item. */
  readonly scope: Scope
  /** Items that had begun before this process, still to be taken up again. */
  readonly again: number[]
  next: number
  inFlight: number
  settled: number
  /** No more items are started: fail_fast, or the run is ending. */
  closed: boolean
}

/** The list of a foreach; the same scope gives the same list, now and at a resume. Throws when it is none. */
export function listOf(step: PlanStep, scope: Scope, context: EvaluateContext): Json[] {
  const list = step.foreachIn ? renderTemplate(step.foreachIn, scope, context) : null
  if (Array.isArray(list)) return list
  throw new NonRetryableError('expression_failed', 'foreach.in is not a list', {
    hint: 'give a list; `values()` or `split()` make one',
  })
}

export function createFanOut(step: PlanStep, list: readonly Json[], scope: Scope, state: StepState): FanOut {
  const again: number[] = []
  let settled = 0
  let closed = false
  for (const [index, item] of state.items) {
    if (isSettled(item)) settled += 1
    else if (!waitsForAnswer(item)) again.push(index)
    // An earlier process may have ended between the failure of an item and what follows from it.
    if (item.status === 'failed' && failsFast(step)) closed = true
  }
  return { step, list, scope, again: again.sort((a, b) => a - b), next: 0, inFlight: 0, settled, closed }
}

/** Whether the first item that fails ends the others. */
export function failsFast({ definition: { on_error, foreach } }: PlanStep): boolean {
  return on_error === 'fail' && foreach?.fail_fast === true
}

/** The item that would start next, or undefined when the window is full or nothing is left. */
export function peekItem(fan: FanOut, state: StepState): number | undefined {
  const window = fan.step.definition.foreach?.max_concurrency ?? Number.POSITIVE_INFINITY
  if (fan.closed || fan.inFlight >= window) return undefined
  if (fan.again.length > 0) return fan.again[0]
  while (fan.next < fan.list.length && state.items.has(fan.next)) fan.next += 1
  return fan.next < fan.list.length ? fan.next : undefined
}

/** Takes what `peekItem` showed; `begun` says whether an earlier process had started it. */
export function takeItem(fan: FanOut): { index: number; begun: boolean } {
  const again = fan.again.shift()
  if (again !== undefined) return { index: again, begun: true }
  fan.next += 1
  return { index: fan.next - 1, begun: false }
}

/** Every item is settled, or none will start any more and none is in flight. */
export function isDone(fan: FanOut, state: StepState): boolean {
  if (fan.settled >= fan.list.length) return true
  if (!fan.closed || fan.inFlight > 0) return false
  for (const item of state.items.values()) if (!isSettled(item)) return false
  return true
}

/** The scope of an item: the step's, with the item under its name and as `item`, and its index. */
export function scopeOfItem(fan: FanOut, index: number): Scope {
  const item = fan.list[index] as Json
  return { ...fan.scope, item, index, [fan.step.definition.foreach?.as ?? 'item']: item }
}

/** How the step ends. Its output is not journaled again: it is the list of its items' outputs. */
export function fanResult(fan: FanOut, state: StepState, now: number): EventOf<'step.settled'> {
  const { id, definition } = fan.step
  let attempts = 0
  let cost: number | null = 0
  const failed: [number, ErrorData | undefined][] = []
  for (const [index, item] of state.items) {
    attempts += item.attempts
    cost = addCost(cost, item.cost_usd)
    if (item.status === 'failed' && definition.on_error === 'fail') failed.push([index, item.error])
  }
  const event: EventOf<'step.settled'> = {
    type: 'step.settled',
    step: id,
    status: 'succeeded',
    attempts,
    latency_ms: Math.max(0, now - state.started_at),
    cost_usd: cost,
  }
  const [first] = failed.sort(([a], [b]) => a - b)
  // What was called off is left to a resume, also when something else has failed.
  const isCalledOff = fan.settled < fan.list.length || hasCancelled(state)
  if (isCalledOff && !(first && failsFast(fan.step))) return { ...event, status: 'cancelled' }
  if (first) {
    const message = `${failed.length} of ${fan.list.length} items failed; item ${first[0]}: ${first[1]?.message ?? 'failed'}`
    return {
      ...event,
      status: 'failed',
      error: toErrorData(new NonRetryableError('step_failed', message, { step: id })),
    }
  }
  return event
}

function hasCancelled(state: StepState): boolean {
  for (const item of state.items.values()) if (item.status === 'cancelled') return true
  return false
}

/** The open fan-outs of a run. */
export class FanOuts {
  readonly #fans = new Map<string, FanOut>()

  get size(): number {
    return this.#fans.size
  }

  add(fan: FanOut): void {
    this.#fans.set(fan.step.id, fan)
  }

  /** The fan-out that an item belongs to. */
  of(ref: WorkRef): FanOut | undefined {
    return ref.index === undefined ? undefined : this.#fans.get(ref.step)
  }

  all(): FanOut[] {
    return [...this.#fans.values()]
  }

  /** Items that earlier processes began and this one has not gone into yet; they are the caller's from now on. */
  takeAgain(): WorkRef[] {
    return this.all().flatMap(({ step, again }) => again.splice(0).map((index) => ({ step: step.id, index })))
  }

  /** Forgets it; false when it was forgotten before. */
  delete(fan: FanOut): boolean {
    return this.#fans.delete(fan.step.id)
  }

  /** Whose turn it is: the one with least in flight, among equals the one that `comesFirst`. */
  next(mayStart: (fan: FanOut) => boolean, comesFirst: (a: FanOut, b: FanOut) => boolean): FanOut | undefined {
    let best: FanOut | undefined
    for (const fan of this.#fans.values()) {
      if (!mayStart(fan)) continue
      if (!best || fan.inFlight < best.inFlight || (fan.inFlight === best.inFlight && comesFirst(fan, best))) best = fan
    }
    return best
  }
}
