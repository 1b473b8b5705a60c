/** One deadline over all attempts of a call, and a bounded wait for what was called off. */
import { isCalledOff, TimeoutError } from '../../domain/errors.ts'
import { abortReason } from '../../std/abort.ts'
import type { Clock } from '../../std/clock.ts'
import { formatDuration } from '../../std/duration.ts'

export interface Deadline {
  /** Aborts with the outer signal's reason, or with a TimeoutError. */
  signal: AbortSignal
  /** Epoch milliseconds; undefined: none. */
  at: number | undefined
  end(): void
}

/** `spent_ms` was used up by earlier processes. */
export function startDeadline(
  clock: Clock,
  outer: AbortSignal,
  timeout_ms: number | undefined,
  spent_ms: number,
): Deadline {
  if (timeout_ms === undefined) return { signal: outer, at: undefined, end: () => {} }
  const left = Math.max(0, timeout_ms - spent_ms)
  // What `AbortSignal.any` gives costs more than all else that guards a call.
  const inner = new AbortController()
  const over = new AbortController()
  const onAbort = () => inner.abort(outer.reason)
  if (outer.aborted) onAbort()
  else outer.addEventListener('abort', onAbort, { once: true })
  clock.sleep(left, over.signal).then(
    () =>
      inner.abort(
        new TimeoutError(`it took longer than its timeout of ${formatDuration(timeout_ms)}, all attempts together`),
      ),
    () => {},
  )
  return {
    signal: inner.signal,
    at: clock.now() + left,
    end() {
      outer.removeEventListener('abort', onAbort)
      over.abort(ended)
    },
  }
}

/** Seen by nobody; without a reason, each `abort()` would make an error of its own. */
const ended = new Error('it has ended')

/**
 * Settles as `work` does. Once the signal aborts, work that was called off gets `grace_ms` to cancel what it began;
 * work that is merely abandoned is left at once.
 */
export async function withGrace<T>(work: Promise<T>, signal: AbortSignal, clock: Clock, grace_ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  let over: AbortController | undefined
  const onAbort = () => {
    const reason = abortReason(signal)
    if (!isCalledOff(reason)) return reject(reason)
    over = new AbortController()
    clock.sleep(grace_ms, over.signal).then(
      () => reject(reason),
      () => {},
    )
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, late])
  } finally {
    signal.removeEventListener('abort', onAbort)
    over?.abort(ended)
  }
}
