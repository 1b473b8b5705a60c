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
  const late = new AbortController()
  const over = new AbortController()
  clock.sleep(left, over.signal).then(
    () =>
      late.abort(
        new TimeoutError(`it took longer than its timeout of ${formatDuration(timeout_ms)}, all attempts together`),
      ),
    () => {},
  )
  return { signal: AbortSignal.any([outer, late.signal]), at: clock.now() + left, end: () => over.abort() }
}

/**
 * Settles as `work` does. Once the signal aborts, work that was called off gets `grace_ms` to cancel what it began;
 * work that is merely abandoned is left at once.
 */
export async function withGrace<T>(work: Promise<T>, signal: AbortSignal, clock: Clock, grace_ms: number): Promise<T> {
  const over = new AbortController()
  const late = new Promise<never>((_resolve, reject) => {
    const onAbort = () => {
      const reason = abortReason(signal)
      if (!isCalledOff(reason)) reject(reason)
      else
        clock.sleep(grace_ms, over.signal).then(
          () => reject(reason),
          () => {},
        )
    }
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true, signal: over.signal })
  })
  try {
    return await Promise.race([work, late])
  } finally {
    over.abort()
  }
}
