/** What a driven run is told by the clock: look for commands, its timeout, approvals that expire. */
import type { Clock } from '../../std/clock.ts'

export interface Alarms {
  /** Calls `tell` once, at a wall time in epoch milliseconds. */
  at(time: number, tell: () => void): void
  /** Calls `tell` again and again. */
  every(ms: number, tell: () => void): void
}

/** Alarms that end with `over`. */
export function createAlarms(clock: Clock, over: AbortSignal): Alarms {
  return {
    at(time, tell) {
      clock.sleep(Math.max(0, time - clock.now()), over).then(tell, () => {})
    },
    every(ms, tell) {
      const again = async (): Promise<void> => {
        for (;;) {
          await clock.sleep(ms, over)
          tell()
        }
      }
      again().catch(() => {})
    },
  }
}
