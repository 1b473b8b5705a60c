/** Time as a value that is passed in: the real clock here, a virtual one in `testing/`. */
import { abortReason } from './abort.ts'

export interface Clock {
  /** Wall time, milliseconds since 1970. May jump; for records only. */
  now(): number
  /** Milliseconds that only ever grow; for durations and deadlines. */
  monotonic(): number
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** As `startTimer`; absent: it is made of `sleep`. */
  timer?(ms: number, work: () => void): () => void
}

/**
 * Calls `work` after `ms`; the function given back calls it off. For times that hardly ever run out: a sleep that is
 * called off costs ten times as much.
 */
export function startTimer(clock: Clock, ms: number, work: () => void): () => void {
  if (clock.timer) return clock.timer(ms, work)
  const over = new AbortController()
  clock.sleep(ms, over.signal).then(work, () => {})
  return () => over.abort(calledOff)
}

/** Seen by nobody; without a reason, each `abort()` would make an error of its own. */
const calledOff = new Error('it was called off')

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
  timer(ms, work) {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}
