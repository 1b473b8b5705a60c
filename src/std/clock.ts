/** Time as a value that is passed in: the real clock here, a virtual one in `testing/`. */
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
  /** By hand: those of `node:timers/promises` cost three times as much, and make an error for each that is called off. */
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.reject(abortReason(signal))
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        reject(abortReason(signal as AbortSignal))
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', stop)
        resolve()
      }, ms)
      signal?.addEventListener('abort', stop, { once: true })
    })
  },
}
