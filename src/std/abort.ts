/** Waiting that can be called off: every wait in the project takes an AbortSignal. */
import { asError } from './as-error.ts'

/** The reason of an aborted signal as an error. */
export function abortReason(signal: AbortSignal): Error {
  return asError(signal.reason, 'aborted')
}

/** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. */
export async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  if (signal.aborted) {
    promise.catch(() => {})
    throw abortReason(signal)
  }
  let stop = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = () => reject(abortReason(signal))
    signal.addEventListener('abort', onAbort, { once: true })
    stop = () => signal.removeEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    stop()
  }
}
