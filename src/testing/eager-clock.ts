/** A clock whose short sleeps end by themselves, moving time on; long ones wait for `advance`. For tests with real I/O. */
import { abortReason } from '../std/abort.ts'
import type { Clock } from '../std/clock.ts'

export interface EagerClock extends Clock {
  /** Every sleep that was asked for, milliseconds. */
  readonly slept: number[]
  /** Moves time on; what is due then ends. */
  advance(ms: number): void
}

/** Sleeps of up to `eager_ms` need no advancing; time never goes back. */
export function eagerClock(eager_ms = 5_000, start = Date.UTC(2026, 0, 1)): EagerClock {
  let time = 0
  const sleepers = new Set<{ due: number; wake: () => void }>()
  const slept: number[] = []

  function moveTo(moment: number): void {
    time = Math.max(time, moment)
    for (const sleeper of [...sleepers].sort((a, b) => a.due - b.due)) if (sleeper.due <= time) sleeper.wake()
  }

  return {
    slept,
    now: () => start + time,
    monotonic: () => time,
    advance: (ms) => moveTo(time + ms),
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.reject(abortReason(signal))
      slept.push(ms)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const sleeper = { due: time + ms, wake: () => end(resolve) }
      const end = (settle: () => void): void => {
        sleepers.delete(sleeper)
        signal?.removeEventListener('abort', onAbort)
        settle()
      }
      const onAbort = (): void => end(() => reject(abortReason(signal as AbortSignal)))
      sleepers.add(sleeper)
      signal?.addEventListener('abort', onAbort, { once: true })
      if (ms <= eager_ms) setImmediate(() => sleepers.has(sleeper) && moveTo(sleeper.due))
      return promise
    },
  }
}
