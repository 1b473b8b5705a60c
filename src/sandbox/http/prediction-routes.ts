/** Predictions: create, get, list, cancel. */
import type { JsonObject } from '../../std/json.ts'
import type { SandboxContext } from '../context.ts'
import type { PredictionFilter } from '../store/prediction-rows.ts'
import { type Answer, notFound, ok, problem } from './answer.ts'
import { createPrediction, type CreateTarget } from './create-prediction.ts'
import { refusal, spoiltAnswer, strikeOn } from './fault-answer.ts'
import { modelOf } from './model-routes.ts'
import { param, type SandboxRequest } from './request.ts'
import type { Route } from './route.ts'
import { showPrediction } from './show-prediction.ts'

const pageSize = 100

export const predictionRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/predictions',
    handle: (context, request) =>
      createPrediction(context, request, (body) => targetOfVersion(context, body['version'])),
  },
  {
    method: 'POST',
    path: '/v1/models/:owner/:name/predictions',
    handle(context, request) {
      const model = modelOf(context, request)
      // community models are not found here: they need a version
      if (!model?.official) return notFound()
      const version = context.catalogue.versions(model)[0]?.id ?? ''
      return createPrediction(context, request, () => ({ model, version, deployment: null }))
    },
  },
  { method: 'GET', path: '/v1/predictions', handle: listPredictions },
  {
    method: 'GET',
    path: '/v1/predictions/:id',
    async handle(context, request) {
      const row = await context.engine.get(param(request, 0))
      if (!row) return notFound()
      const fault = strikeOn(context, 'get', row)
      const struck = fault && (refusal(fault) ?? spoiltAnswer(fault))
      return struck ?? ok(await showPrediction(context, row))
    },
  },
  {
    method: 'POST',
    path: '/v1/predictions/:id/cancel',
    async handle(context, request) {
      const found = context.predictions.get(param(request, 0))
      if (!found) return notFound()
      const fault = strikeOn(context, 'cancel', found)
      const refused = fault && refusal(fault)
      if (refused) return refused
      const row = (await context.engine.cancel(found.id)) ?? found
      return (fault && spoiltAnswer(fault)) ?? ok(await showPrediction(context, row))
    },
  },
]

/** `64hex`, `owner/name:64hex`, or `owner/name` of an official model. */
function targetOfVersion(context: SandboxContext, written: unknown): CreateTarget | Answer {
  const { catalogue } = context
  const match = typeof written === 'string' ? /^(?:([^/:]+\/[^/:]+))?:?([0-9a-f]{64})?$/.exec(written) : null
  const [, name, hex] = match ?? []
  const model = hex === undefined ? catalogue.model(name ?? '') : catalogue.modelOfVersion(hex)
  const version = hex ?? (model?.official ? catalogue.versions(model)[0]?.id : undefined)
  if (!model || version === undefined || (name !== undefined && catalogue.model(name) !== model)) return noVersion()
  return { model, version, deployment: null, gone: noVersion() }
}

function noVersion(): Answer {
  return problem(422, "The specified version does not exist (or perhaps you don't have permission to use it?)", {
    title: 'Invalid version or not permitted',
  })
}

async function listPredictions(context: SandboxContext, request: SandboxRequest): Promise<Answer> {
  const filter = readFilter(request.query)
  if ('kind' in filter) return filter
  // one more than a page shows whether there is a next one
  const rows = context.predictions.list(filter)
  const more = rows.length > pageSize
  const page = filter.after === undefined ? rows.slice(0, pageSize) : rows.slice(-pageSize)
  const results: JsonObject[] = []
  for (const row of page) results.push(await showPrediction(context, await context.engine.settled(row)))
  const hasOlder = filter.after === undefined ? more : true
  const hasNewer = filter.after === undefined ? filter.before !== undefined : more
  const link = (kind: 'b' | 'a', seq: number | undefined, exists: boolean): string | null => {
    if (!exists || seq === undefined) return null
    const query = new URLSearchParams(request.query)
    query.set('cursor', Buffer.from(`${kind}${seq}`).toString('base64url'))
    return `${context.origin()}/v1/predictions?${query.toString()}`
  }
  return ok({ next: link('b', page.at(-1)?.seq, hasOlder), previous: link('a', page[0]?.seq, hasNewer), results })
}

function readFilter(query: URLSearchParams): PredictionFilter | Answer {
  const filter: PredictionFilter = { limit: pageSize + 1 }
  const cursor = query.get('cursor')
  if (cursor !== null) {
    const match = /^([ab])(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())
    if (!match) return problem(400, 'Invalid cursor')
    filter[match[1] === 'a' ? 'after' : 'before'] = Number(match[2])
  }
  for (const [name, field] of [
    ['created_after', 'createdAfterMs'],
    ['created_before', 'createdBeforeMs'],
  ] as const) {
    const written = query.get(name)
    if (written === null) continue
    const ms = Date.parse(written)
    if (Number.isNaN(ms)) return problem(400, `${name} must be an ISO 8601 date-time`)
    filter[field] = ms
  }
  return filter
}
