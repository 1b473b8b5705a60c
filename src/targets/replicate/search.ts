/** Finds a prediction whose create was sent but whose answer was lost (ruling 23). */
import { isObject, type Json } from '../../std/json.ts'
import type { OpenCall, TargetContext } from '../target.ts'
import { canonicalInput } from './canonical-input.ts'
import { type Prediction, readPrediction } from './prediction.ts'
import type { Route } from './resolve.ts'
import type { Api } from './transport.ts'

/** By how much the clocks of this machine and Replicate may differ. */
const skewMs = 5 * 60_000
/** A page has 100 predictions. */
const maxPages = 20

export interface Found {
  prediction: Prediction
  /** How many predictions looked the same. */
  matches: number
}

/** The newest one that matches and that no other work has; it is claimed. Undefined when there is none. */
export async function findLost(
  api: Api,
  route: Route,
  open: OpenCall,
  context: TargetContext,
): Promise<Found | undefined> {
  const matches = await matching(api, route, open, context)
  for (const prediction of matches) {
    if (await context.record.claim(prediction.id)) return { prediction, matches: matches.length }
  }
  return undefined
}

/** A search for an equal call took this one before we had claimed it: then the one it was looking for is ours. */
export async function exchange(
  api: Api,
  route: Route,
  open: OpenCall,
  context: TargetContext,
  taken: Prediction,
): Promise<Prediction> {
  const found = await findLost(api, route, open, context)
  if (!found) return taken
  await context.record.created(found.prediction.id, 'searched', found.matches)
  return found.prediction
}

async function matching(api: Api, route: Route, open: OpenCall, context: TargetContext): Promise<Prediction[]> {
  // A clock that was set back since would put the intent into the future.
  const from = Math.min(open.intended_at, context.clock.now()) - skewMs
  // What was journaled is masked already; what this process remembers is not.
  const wanted = canonicalInput(context.mask(inputOf(open.body)))
  const found: Prediction[] = []
  let params: Record<string, string> | undefined = { created_after: new Date(from).toISOString() }
  for (let page = 0; page < maxPages && params; page += 1) {
    const body: Json = await api.json('GET', '/predictions', { params, signal: context.signal })
    const list = isObject(body) ? body : {}
    const results = Array.isArray(list['results']) ? list['results'] : []
    const predictions = results.map(readPrediction).filter((each) => each !== undefined)
    for (const prediction of predictions) {
      const isSame = isOfRoute(prediction, route) && isRecent(prediction, from) && !prediction.data_removed
      if (isSame && canonicalInput(context.mask(prediction.input)) === wanted) found.push(prediction)
    }
    // Newest first: once they are older than the intent, so is the rest.
    const oldest = predictions.at(-1)
    params = oldest && isRecent(oldest, from) ? nextPage(list['next'], api) : undefined
  }
  return found
}

function inputOf(body: Json): Json {
  return isObject(body) ? (body['input'] ?? {}) : {}
}

function isOfRoute(prediction: Prediction, route: Route): boolean {
  if (route.kind === 'deployment') return prediction.deployment === route.model
  if (prediction.deployment !== undefined) return false
  return route.kind === 'version' ? prediction.version === route.version : prediction.model === route.model
}

function isRecent(prediction: Prediction, from: number): boolean {
  return prediction.created_at === undefined || Date.parse(prediction.created_at) >= from
}

/** The next page's parameters; a link that leads to another host is not followed with the token. */
function nextPage(link: Json | undefined, api: Api): Record<string, string> | undefined {
  if (typeof link !== 'string' || !URL.canParse(link, api.baseUrl.href)) return undefined
  return Object.fromEntries(new URL(link, api.baseUrl).searchParams)
}
