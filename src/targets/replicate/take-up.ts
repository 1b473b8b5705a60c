/** Takes up a call of an earlier process: asks for its prediction by id, or searches for it (invariant 4). */
import { NotFoundError } from '../../domain/errors.ts'
import type { OpenCall, TargetContext } from '../target.ts'
import { unanswered } from './failure.ts'
import { getPrediction } from './follow.ts'
import { isLost, type Prediction } from './prediction.ts'
import type { Route } from './resolve.ts'
import { exchange, findLost } from './search.ts'
import type { Api } from './transport.ts'

/** An id that is unknown is only taken as removed when its data would be gone anyway; sooner it is an error. */
const dataLifetimeMs = 3_600_000
/** A prediction that was just made may not be found at once. */
const unseenMs = 30_000
const unseenPollMs = 1_000

export type TakenUp =
  /** To be followed to its end. */
  | { status: 'found'; prediction: Prediction }
  /** To be created (again). `lost`: what the removed one looked like, if the API still shows it. */
  | { status: 'gone'; lost: Prediction | undefined }

export async function takeUp(api: Api, route: Route, open: OpenCall, context: TargetContext): Promise<TakenUp> {
  try {
    return open.id === undefined
      ? await searchFor(api, route, open, context)
      : await askFor(api, route, open.id, open, context)
  } catch (error) {
    throw unanswered(error)
  }
}

async function searchFor(api: Api, route: Route, open: OpenCall, context: TargetContext): Promise<TakenUp> {
  const { record } = context
  const found = await findLost(api, route, open, context)
  if (!found) {
    await record.reattached('not_found')
    return { status: 'gone', lost: undefined }
  }
  await record.reattached('searched', found.prediction.id)
  await record.created(found.prediction.id, 'searched', found.matches)
  return { status: 'found', prediction: found.prediction }
}

async function askFor(api: Api, route: Route, id: string, open: OpenCall, context: TargetContext): Promise<TakenUp> {
  const prediction = await seen(api, id, open, context)
  if (prediction && !isLost(prediction)) {
    await context.record.reattached('known_id', id)
    // The process may have ended between journaling the id and seeing that an equal call has it.
    const isOurs = await context.record.claim(id)
    return { status: 'found', prediction: isOurs ? prediction : await exchange(api, route, open, context, prediction) }
  }
  await context.record.reattached('lost', id)
  context.progress({ status: `what prediction ${id} put out is no longer there: it is created, and paid for, again` })
  return { status: 'gone', lost: prediction }
}

/** Undefined when Replicate no longer knows it and need not. */
async function seen(
  api: Api,
  id: string,
  open: OpenCall,
  { signal, clock }: TargetContext,
): Promise<Prediction | undefined> {
  for (;;) {
    try {
      return await getPrediction(api, id, signal)
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error
      const age = clock.now() - open.intended_at
      if (age > dataLifetimeMs) return undefined
      if (age > unseenMs) {
        throw new NotFoundError(`prediction ${id} of this run is not known to Replicate`, {
          cause: error,
          hint: 'is the token that of the account that began the run? `runs retry` makes the prediction anew',
        })
      }
    }
    await clock.sleep(unseenPollMs, signal)
  }
}
