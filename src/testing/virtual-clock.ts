/** A clock that stands still until a test moves it: sleepers wake in the order of their time. */
import { NonRetryableError } from '../domain/errors.ts'
import { setImmediate as turn } from 'node:timers/promises'
import { abortReason } from '../std/abort.ts'
import type { Clock } from '../std/clock.ts'

export interface VirtualClock extends Clock {
  /** How many sleepers wait. */
  readonly sleeping: number
  /** Moves time on by `ms`; who sleeps again after waking is woken again when that is due, too. */
  advance(ms: number): Promise<void>
  /** Moves time from sleeper to sleeper until nobody sleeps; throws after `most` awakenings (default 100,000). */
  runAll(most?: number): Promise<void>
}

interface Sleeper {
  due: number
  order: number
  wake(): void
}

/** `start` is what `now()` says first, epoch milliseconds; `monotonic()` starts at 0. */
export function virtualClock(start = Date.UTC(2026, 0, 1)): VirtualClock {
  let time = 0
  let asked = 0
  const sleepers = new Set<Sleeper>()

  function next(): Sleeper | undefined {
    let first: Sleeper | undefined
    for (const sleeper of sleepers) {
      if (!first || sleeper.due < first.due || (sleeper.due === first.due && sleeper.order < first.order))
        first = sleeper
    }
    return first
  }

  /** Wakes everybody due by `moment`, one at a time; each gets a turn of the event loop to go on. */
  async function runUntil(moment: number, most: number): Promise<void> {
    await turn()
    for (let woken = 0; ; woken += 1) {
      const sleeper = next()
      if (!sleeper || sleeper.due > moment) return
      if (woken >= most) throw new NonRetryableError('internal', `still sleeping after ${most} awakenings`)
      time = Math.max(time, sleeper.due)
      sleeper.wake()
      await turn()
    }
  }

  return {
    get sleeping() {
      return sleepers.size
    },
    now: () => start + time,
    monotonic: () => time,
    async advance(ms) {
      const end = time + ms
      await runUntil(end, Number.POSITIVE_INFINITY)
      time = Math.max(time, end)
    },
    runAll: (most = 100_000) => runUntil(Number.POSITIVE_INFINITY, most),
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.reject(abortReason(signal))
      if (!(ms > 0)) return Promise.resolve()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const end = (settle: () => void): void => {
        sleepers.delete(sleeper)
        signal?.removeEventListener('abort', onAbort)
        settle()
      }
      const onAbort = (): void => end(() => reject(abortReason(signal as AbortSignal)))
      asked += 1
      const sleeper: Sleeper = { due: time + ms, order: asked, wake: () => end(resolve) }
      sleepers.add(sleeper)
      signal?.addEventListener('abort', onAbort, { once: true })
      return promise
    },
  }
}
