/** Creates a prediction: intent first, then the request, then its id; an answer that is lost is searched for. */
import { CancelledError, isCalledOff, NetworkError } from '../../domain/errors.ts'
import { abortReason } from '../../std/abort.ts'
import type { Clock } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import type { OpenCall, TargetContext } from '../target.ts'
import { mayHaveArrived, unanswered } from './failure.ts'
import type { PreparedInput } from './input-files.ts'
import { type Prediction, readPrediction } from './prediction.ts'
import type { Route } from './resolve.ts'
import { exchange, findLost } from './search.ts'
import type { Api } from './transport.ts'

/** Milliseconds that a create has to be answered once the work was called off: its id is needed to cancel it. */
const graceMs = 5_000
/** A create that is still on its way may show a little later. */
const secondLookMs = 1_000
/** What `Cancel-After` leaves to our own cancel, seconds, and the least that the API takes. */
const spareSeconds = 5
const leastSeconds = 5

export async function createPrediction(
  api: Api,
  route: Route,
  input: PreparedInput,
  context: TargetContext,
  waitSeconds: number,
): Promise<Prediction> {
  const { record, clock, signal } = context
  const version = route.kind === 'version' ? route.version : undefined
  const fields = version === undefined ? {} : { version }
  const body: JsonObject = { input: input.journaled, ...fields }
  await record.intended(body, version)
  const intended_at = clock.now()
  if (signal.aborted) throw notBegun(signal)
  const open: OpenCall = { call: 0, model: route.model, body, intended_at, ...fields }
  const sending = sendingSignal(signal, clock)
  try {
    const answer = await api.ask('POST', pathOf(route), {
      data: { input: input.wire, ...fields },
      headers: headersOf(context, waitSeconds),
      signal: sending.signal,
    })
    const read = readPrediction(answer.body)
    const prediction = read && waitSeconds > 0 && answer.status === 201 ? markedWhole(read) : read
    if (!prediction) throw new NetworkError(`POST ${pathOf(route)}: the answer is no prediction`)
    // In this order: one that was claimed and not journaled would be found by nobody, this work included, which would
    // search, and take another one.
    await record.created(prediction.id, 'created')
    const isOurs = await record.claim(prediction.id)
    return isOurs ? prediction : await exchange(api, route, open, context, prediction)
  } catch (error) {
    if (sending.signal.aborted) throw unansweredInTime(sending.signal)
    if (!mayHaveArrived(error)) throw error
    return await searchedFor(api, route, open, context, error)
  } finally {
    sending.end()
  }
}

/** Looks twice before it says that nothing was made; then the next attempt looks once more, and creates. */
async function searchedFor(
  api: Api,
  route: Route,
  open: OpenCall,
  context: TargetContext,
  lost: unknown,
): Promise<Prediction> {
  context.progress({ status: 'the answer to its creation was lost: searching' })
  for (const wait of [0, secondLookMs]) {
    try {
      await context.clock.sleep(wait, context.signal)
      const found = await findLost(api, route, open, context)
      if (!found) continue
      await context.record.created(found.prediction.id, 'searched', found.matches)
      return found.prediction
    } catch (error) {
      if (context.signal.aborted) throw error
      throw unanswered(mayHaveArrived(error) ? lost : error)
    }
  }
  throw unanswered(lost, 0)
}

/** A create that waited and is answered with 201, not 202, has the final output (Replicate's API description). */
function markedWhole(prediction: Prediction): Prediction {
  const { status, output, error } = prediction
  const isWhole = status === 'processing' && output !== null && (error ?? null) === null
  return isWhole ? { ...prediction, whole: true } : prediction
}

function notBegun(signal: AbortSignal): Error {
  const reason = abortReason(signal)
  return isCalledOff(reason)
    ? new CancelledError('called off before it was sent', { cause: reason, details: { cost_usd: 0 } })
    : reason
}

/** It may have arrived: whoever goes on with the call looks for it first. */
function unansweredInTime(signal: AbortSignal): Error {
  const reason = abortReason(signal)
  if (!isCalledOff(reason)) return reason
  const details = { unanswered: true, cost_usd: null }
  return new CancelledError('called off before its create was answered', { cause: reason, details })
}

function pathOf(route: Route): string {
  if (route.kind === 'version') return '/predictions'
  return `/${route.kind === 'official' ? 'models' : 'deployments'}/${route.model}/predictions`
}

function headersOf(context: TargetContext, waitSeconds: number): Record<string, string> {
  const deadline = context.deadline?.()
  const headers: Record<string, string> = {}
  if (waitSeconds > 0) headers['Prefer'] = `wait=${Math.min(60, Math.ceil(waitSeconds))}`
  if (deadline !== undefined) {
    const left = Math.ceil((deadline - context.clock.now()) / 1_000) + spareSeconds
    headers['Cancel-After'] = `${Math.max(leastSeconds, left)}s`
  }
  return headers
}

/** Aborts at once when the work is abandoned, a little later when it was called off. */
function sendingSignal(outer: AbortSignal, clock: Clock): { signal: AbortSignal; end(): void } {
  const late = new AbortController()
  let over: AbortController | undefined
  const onAbort = (): void => {
    const reason = abortReason(outer)
    if (!isCalledOff(reason)) return late.abort(reason)
    over = new AbortController()
    clock.sleep(graceMs, over.signal).then(
      () => late.abort(reason),
      () => {},
    )
  }
  outer.addEventListener('abort', onAbort, { once: true })
  return {
    signal: late.signal,
    end() {
      outer.removeEventListener('abort', onAbort)
      over?.abort()
    },
  }
}
