/** Time as a value that is passed in: the real clock here, a virtual one in `testing/`. */
import { setTimeout as delay } from 'node:timers/promises'
import { abortReason } from './abort.ts'

export interface Clock {
  /** Wall time, milliseconds since 1970. May jump; for records only. */
  now(): number
  /** Milliseconds that only ever grow; for durations and deadlines. */
  monotonic(): number
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal ? { signal } : {})
    } catch (error) {
      throw signal?.aborted ? abortReason(signal) : error
    }
  },
}
