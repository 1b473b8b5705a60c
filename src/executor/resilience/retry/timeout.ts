/** Deadlines within deadlines (a call's, its agent's, an attempt's), and a bounded wait for what was called off. */
import { isCalledOff, TimeoutError } from '../../../domain/errors.ts'
import { abortReason } from '../../../std/abort.ts'
import { type Clock, startTimer } from '../../../std/clock.ts'
import { formatDuration } from '../../../std/duration.ts'

export interface Deadline {
  /** Aborts with the outer signal's reason, or with a TimeoutError. */
  readonly signal: AbortSignal
  /** Epoch milliseconds, its own or an outer one; undefined: none. */
  readonly at: number | undefined
  end(): void
}

/** What a deadline lies within. */
export type Bounds = Pick<Deadline, 'signal' | 'at'>

/** `spent_ms` was used up by earlier processes. `what`: what takes too long, as in `agent "writer"`. */
export function startDeadline(
  clock: Clock,
  outer: Bounds,
  timeout_ms: number | undefined,
  spent_ms: number,
  what = 'it',
): Deadline {
  if (timeout_ms === undefined) return { signal: outer.signal, at: outer.at, end: () => {} }
  const inner = innerSignal(outer.signal)
  const left = timeout_ms - spent_ms
  const expire = () =>
    inner.abort(
      new TimeoutError(`${what} took longer than its timeout of ${formatDuration(timeout_ms)}, all attempts together`),
    )
  let stop = () => {}
  if (left <= 0) expire()
  else stop = startTimer(clock, left, expire)
  return {
    signal: inner.signal,
    at: earlier(outer.at, clock.now() + Math.max(0, left)),
    end() {
      inner.release()
      stop()
    },
  }
}

/** A signal that aborts with the outer one. What `AbortSignal.any` gives costs more than all else that guards a call. */
export function innerSignal(outer: AbortSignal): { signal: AbortSignal; abort(reason: Error): void; release(): void } {
  const inner = new AbortController()
  const onAbort = () => inner.abort(outer.reason)
  if (outer.aborted) onAbort()
  else outer.addEventListener('abort', onAbort, { once: true })
  return {
    signal: inner.signal,
    abort: (reason) => inner.abort(reason),
    release: () => outer.removeEventListener('abort', onAbort),
  }
}

function earlier(a: number | undefined, b: number): number {
  return a === undefined ? b : Math.min(a, b)
}

/** The time of one attempt, which does not run while the attempt waits to be sent. */
export interface AttemptTime extends Deadline {
  hold(): void
  go(): void
  /** Whether it is this time that was up, and not an outer one. */
  isOwn(reason: Error): boolean
}

export function startAttempt(clock: Clock, outer: Bounds, timeout_ms: number | undefined): AttemptTime {
  if (timeout_ms === undefined) return withoutTime(outer)
  const inner = innerSignal(outer.signal)
  let reason: TimeoutError | undefined
  const expire = () => {
    const message = `the attempt took longer than its \`attempt_timeout\` of ${formatDuration(timeout_ms)}`
    reason = new TimeoutError(message)
    inner.abort(reason)
  }
  let left = timeout_ms
  let began = 0
  let running: (() => void) | undefined
  const stop = (): void => {
    running?.()
    running = undefined
  }
  const leftNow = () => (running ? left - (clock.monotonic() - began) : left)
  const time: AttemptTime = {
    signal: inner.signal,
    get at() {
      return earlier(outer.at, clock.now() + Math.max(0, leftNow()))
    },
    hold() {
      left = leftNow()
      stop()
    },
    go() {
      if (running) return
      began = clock.monotonic()
      running = startTimer(clock, Math.max(0, left), expire)
    },
    isOwn: (given) => given === reason,
    end() {
      inner.release()
      stop()
    },
  }
  time.go()
  return time
}

function withoutTime({ signal, at }: Bounds): AttemptTime {
  return { signal, at, hold: () => {}, go: () => {}, isOwn: () => false, end: () => {} }
}

/**
 * Settles as `work` does. Once the signal aborts, work that was called off gets `grace_ms` to cancel what it began;
 * work that is merely abandoned is left at once.
 */
export async function withGrace<T>(work: Promise<T>, signal: AbortSignal, clock: Clock, grace_ms: number): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  let stop = () => {}
  const onAbort = () => {
    const reason = abortReason(signal)
    if (!isCalledOff(reason)) return reject(reason)
    stop = startTimer(clock, grace_ms, () => reject(reason))
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  work.then(resolve, reject)
  try {
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    stop()
  }
}
