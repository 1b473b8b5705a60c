/**
 * How many calls of something are under way at once, over all processes: each takes places from a shared cell, keeps them
 * while it has calls for them, and gives them back. Whoever waits looks whether those who hold places are still there.
 */
import type { Bulkhead as BulkheadPolicy } from '../../../domain/rate-limit.ts'
import { RetryableError } from '../../../domain/errors.ts'
import { abortReason, untilAborted } from '../../../std/abort.ts'
import type { Cells } from '../../../std/cells.ts'
import type { Clock } from '../../../std/clock.ts'
import { deferred } from '../../../std/deferred.ts'
import { formatDuration } from '../../../std/duration.ts'
import { isObject, type Json } from '../../../std/json.ts'
import type { TellWait } from './rate-limit.ts'

export interface BulkheadParts {
  cells(): Promise<Cells>
  clock: Clock
  /** Tells processes apart. */
  process: string
  /** What `isGone` of another process is asked about this one. */
  self?(): Json
  /** Whether the process that left this has ended; undefined: nobody can tell from here. */
  isGone?(holder: Json): boolean | undefined
}

export interface Bulkhead {
  /**
   * Resolves when a call may be under way, in the order of asking, with what has to be called when it has ended. Throws
   * RetryableError `resource_exhausted` when too many wait already, or it waited for too long.
   */
  enter(signal: AbortSignal, tell?: TellWait): Promise<() => void>
  /** Gives back what no call has. */
  close(): Promise<void>
}

interface SlotState {
  max: number
  /** By process: places that it has, what it is, and when it was heard of last, epoch milliseconds. */
  holders: Record<string, { slots: number; at: number; holder: Json }>
  /** Processes that wait, in order, and until when they are waited for. */
  queue: (readonly [process: string, until: number])[]
}

/** How long after the last look a place is looked for that another process may have given back; it doubles each time. */
const firstPollMs = 25
const pollMs = 400
const graceMs = 1_000
/** Places that no call has are kept for so long: the next call may come. */
const idleMs = 100
/** A process of which nobody can tell whether it lives is given up when nothing was heard of it for so long. */
const silentMs = 3_600_000

/** Undefined: nothing is kept. */
export function readSlots(kept: Json | undefined): SlotState | undefined {
  return isObject(kept) && isObject(kept['holders']) ? (kept as unknown as SlotState) : undefined
}

export function createBulkhead(
  { max_concurrent, max_queue, queue_timeout_ms }: BulkheadPolicy,
  /** Of its cell, and as people are told. */
  { name, title }: { name: string; title: string },
  { cells, clock, process, self, isGone }: BulkheadParts,
): Bulkhead {
  /** Places that the cell says this process has, and calls of this process under way. */
  let held = 0
  let busy = 0
  const waiting: { go(): void }[] = []
  let shared: Cells | undefined
  let idle: AbortController | undefined
  let holder: Json | undefined
  const full = max_queue ?? Number.POSITIVE_INFINITY

  async function change<T>(work: (state: SlotState, now: number) => T): Promise<T> {
    shared ??= await cells()
    return shared.change([name], ([before]) => {
      const now = clock.now()
      const known = readSlots(before)
      const queue = (known?.queue ?? []).filter(([, until]) => until > now && until < now + 2 * graceMs)
      const state: SlotState = { max: max_concurrent, holders: { ...known?.holders }, queue }
      const result = work(state, now)
      const isEmpty = Object.keys(state.holders).length === 0 && state.queue.length === 0
      return { after: [isEmpty ? undefined : (state as unknown as Json)], result }
    })
  }

  function hold(state: SlotState, slots: number, now: number): void {
    held = slots
    if (slots > 0) state.holders[process] = { slots, at: now, holder: (holder ??= self?.() ?? null) }
    else delete state.holders[process]
  }

  /** Takes one place more, unless others come first. */
  function takePlace(): Promise<boolean> {
    return change((state, now) => {
      if (placesOf(state) >= max_concurrent) dropDead(state, now)
      const place = state.queue.findIndex(([who]) => who === process)
      const before = place < 0 ? state.queue.length : place
      if (placesOf(state) + before < max_concurrent) {
        hold(state, held + 1, now)
        state.queue = state.queue.filter(([who]) => who !== process)
        return true
      }
      const mine = [process, now + pollMs + graceMs] as const
      if (place < 0) state.queue.push(mine)
      else state.queue[place] = mine
      return false
    })
  }

  function dropDead(state: SlotState, now: number): void {
    for (const [who, { holder: other, at }] of Object.entries(state.holders)) {
      if (who === process) continue
      if (isGone?.(other) ?? Math.abs(now - at) > silentMs) delete state.holders[who]
    }
  }

  function othersWait(): boolean {
    const queue = readSlots(shared?.get(name))?.queue ?? []
    return queue.some(([who]) => who !== process)
  }

  async function giveBack(): Promise<void> {
    if (held > busy) await change((state, now) => hold(state, Math.min(held, busy), now))
  }

  function leave(): void {
    busy -= 1
    if (othersWait()) {
      // In turns: another process comes first now.
      giveBack().then(
        () => waiting[0]?.go(),
        () => {},
      )
    } else if (waiting.length > 0) waiting[0]?.go()
    else restLater()
  }

  function restLater(): void {
    if (idle) return
    const over = new AbortController()
    idle = over
    clock
      .sleep(idleMs, over.signal)
      .then(() => {
        idle = undefined
        return giveBack()
      })
      // It is given back with the next change.
      .catch(() => {})
  }

  /** Whether there is a place, without waiting for one. */
  async function placeNow(): Promise<boolean> {
    const isTaken = placeInHand() || (await takePlace())
    if (isTaken) busy += 1
    return isTaken
  }

  function placeInHand(): boolean {
    return busy < held && !othersWait()
  }

  async function waitForPlace(signal: AbortSignal): Promise<void> {
    let turn = deferred()
    let poll = firstPollMs
    const me = { go: () => turn.resolve() }
    waiting.push(me)
    try {
      for (;;) {
        const isFirst = waiting[0] === me
        if (isFirst && (await placeNow())) return
        // Another process tells nobody when it gives a place back.
        const looksAgain = isFirst && held < max_concurrent
        await (looksAgain ? sleepUntil(turn.promise, poll, signal) : untilAborted(turn.promise, signal))
        poll = Math.min(pollMs, poll * 2)
        turn = deferred()
      }
    } finally {
      waiting.splice(waiting.indexOf(me), 1)
      waiting[0]?.go()
    }
  }

  /** For a while, or until it is woken. */
  async function sleepUntil(woken: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    void woken.then(() => over.abort())
    try {
      await clock.sleep(ms, AbortSignal.any([signal, over.signal]))
    } catch (error) {
      if (!over.signal.aborted) throw error
    }
  }

  function exhausted(why: string): RetryableError {
    return new RetryableError('resource_exhausted', `the bulkhead of ${title} is full: ${why}`, {
      hint: 'give its agent a `fallback`, or its `bulkhead` more room',
      details: { held_back: true, max_concurrent, waiting: waiting.length },
    })
  }

  async function enter(signal: AbortSignal, tell?: TellWait): Promise<() => void> {
    if (signal.aborted) throw abortReason(signal)
    if (waiting.length === 0 && placeInHand()) busy += 1
    else if (waiting.length > 0 || !(await placeNow())) {
      if (waiting.length >= full) throw exhausted(`${underWay(max_concurrent)}, ${waiting.length} wait`)
      tell?.(title, undefined)
      await inTime(signal)
    }
    let left = false
    return () => {
      if (!left) leave()
      left = true
    }
  }

  async function inTime(signal: AbortSignal): Promise<void> {
    if (queue_timeout_ms === undefined) return waitForPlace(signal)
    const late = new AbortController()
    const over = new AbortController()
    const tooLate = exhausted(`no place became free within ${formatDuration(queue_timeout_ms)}`)
    clock.sleep(queue_timeout_ms, over.signal).then(
      () => late.abort(tooLate),
      () => {},
    )
    try {
      await waitForPlace(AbortSignal.any([signal, late.signal]))
    } finally {
      over.abort()
    }
  }

  return {
    enter,
    async close() {
      idle?.abort()
      await giveBack()
    },
  }
}

function placesOf({ holders }: SlotState): number {
  return Object.values(holders).reduce((sum, { slots }) => sum + slots, 0)
}

function underWay(calls: number): string {
  return calls === 1 ? 'a call is under way' : `${calls} calls are under way`
}
