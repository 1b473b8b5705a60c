/** The clock of a case: real time, but it may begin at another moment, and moves on at will while nothing happens. */
import type { Clock } from '../../std/clock.ts'

export interface CaseClock extends Clock {
  /** Moves time on to `moment` (epoch milliseconds), if that is in its future. Only while nobody sleeps. */
  skipTo(moment: number): void
}

/** `start`: what `now()` says at first, epoch milliseconds. */
export function caseClock(real: Clock, start: number | undefined): CaseClock {
  const shift = start === undefined ? 0 : start - real.now()
  let skipped = 0
  const now = () => real.now() + shift + skipped
  return {
    now,
    monotonic: () => real.monotonic() + skipped,
    sleep: (ms, signal) => real.sleep(ms, signal),
    skipTo(moment) {
      skipped += Math.max(0, moment - now())
    },
  }
}
