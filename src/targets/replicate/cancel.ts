/** Cancels a prediction, and says what it cost if the API tells soon. */
import { NotFoundError, TimeoutError } from '../../domain/errors.ts'
import type { Clock } from '../../std/clock.ts'
import { getPrediction } from './follow.ts'
import { hasEnded, type Prediction, readPrediction } from './prediction.ts'
import type { Api } from './transport.ts'

const patienceMs = 5_000
const pollMs = 200

/** Bounded; undefined when the API did not answer in time, so that it may still run. */
export async function cancelBounded(api: Api, id: string, clock: Clock): Promise<Prediction | undefined> {
  const late = new AbortController()
  const over = new AbortController()
  clock.sleep(patienceMs, over.signal).then(
    () => late.abort(new TimeoutError('Replicate did not answer a cancellation in time')),
    () => {},
  )
  try {
    let prediction = await cancelPrediction(api, id, late.signal)
    while (prediction && !hasEnded(prediction)) {
      await clock.sleep(pollMs, late.signal)
      prediction = await getPrediction(api, id, late.signal)
    }
    return prediction
  } catch {
    return undefined
  } finally {
    over.abort()
  }
}

/** Undefined when there is no such prediction. */
export async function cancelPrediction(api: Api, id: string, signal: AbortSignal): Promise<Prediction | undefined> {
  try {
    return readPrediction(await api.json('POST', `/predictions/${id}/cancel`, { signal }))
  } catch (error) {
    if (error instanceof NotFoundError) return undefined
    throw error
  }
}
