/** A prediction or training as the API shows it. */
import { sha256 } from '../../std/hash.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { CatalogueModel } from '../catalogue/model.ts'
import { deliveryLink, withLinks } from '../files/links.ts'
import type { FileRow } from '../store/file-rows.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import { hadBegun, type Moment } from './timeline.ts'

export interface ViewContext {
  /** Scheme, host and port that the sandbox has now. */
  origin: string
  secret: string
  model: CatalogueModel | undefined
  moment: Moment
  removed: boolean
  files: readonly FileRow[]
  /** What there is so far, while it runs. */
  partial?: { output: Json; logs: string }
  /**
   * Answering a create that waited: what succeeded is shown as `processing` with its output, what did not end in time
   * as `starting`. Replicate does so.
   */
  waited?: boolean
}

export function viewPrediction(row: PredictionRow, context: ViewContext): JsonObject {
  const view: JsonObject = {
    id: row.id,
    model: row.model,
    version: hidesVersion(row, context.model) ? 'hidden' : row.version,
    ...dataOf(row, context),
    source: 'api',
    status: statusOf(row, context),
    created_at: iso(row.created_ms),
    urls: urlsOf(row, context),
  }
  if (row.destination !== null) delete view['data_removed']
  if (row.deployment !== null) view['deployment'] = row.deployment
  if (row.deadline_ms !== null) view['deadline'] = iso(row.deadline_ms)
  if (row.webhook !== null) view['webhook'] = row.webhook
  if (row.webhook_events !== null) view['webhook_events_filter'] = JSON.parse(row.webhook_events) as Json
  // the answer to a create has no times yet, even when it waited for the end
  if (!(context.waited && view['status'] !== row.status)) addTimes(view, row, context.moment)
  return view
}

/** Official models are run without a version, so none is shown. */
function hidesVersion(row: PredictionRow, model: CatalogueModel | undefined): boolean {
  return model?.official === true && row.deployment === null && row.destination === null
}

/** What goes in and comes out: all that is forgotten after an hour. */
function dataOf(row: PredictionRow, context: ViewContext): JsonObject {
  if (context.removed) return { input: {}, logs: '', output: null, data_removed: true, error: null }
  return {
    input: JSON.parse(row.input) as Json,
    logs: row.logs ?? context.partial?.logs ?? '',
    output: outputOf(row, context),
    data_removed: false,
    error: row.error,
  }
}

/** The token in a stream's link stands for the key that Replicate puts there: who has the link may read. */
export function streamToken(id: string, secret: string): string {
  return sha256(`${secret} stream ${id}`).slice(0, 32)
}

function statusOf(row: PredictionRow, context: ViewContext): string {
  if (row.status === null) return context.waited || context.moment.phase === 'starting' ? 'starting' : 'processing'
  return context.waited && row.status === 'succeeded' ? 'processing' : row.status
}

function outputOf(row: PredictionRow, context: ViewContext): Json {
  if (row.status === null) return context.waited ? null : (context.partial?.output ?? null)
  if (row.output === null) return null
  const output = JSON.parse(row.output) as Json
  if (context.files.length === 0) return output
  return withLinks(output, (n) => {
    const file = context.files[n]
    return file ? deliveryLink(context.origin, file) : ''
  })
}

function urlsOf(row: PredictionRow, { origin, secret, model }: ViewContext): JsonObject {
  const get = `${origin}/v1/${row.destination === null ? 'predictions' : 'trainings'}/${row.id}`
  const urls: JsonObject = { get, cancel: `${get}/cancel`, web: `${origin}/p/${row.id}` }
  if (model?.streams && row.destination === null)
    urls['stream'] = `${origin}/stream/${row.id}/${streamToken(row.id, secret)}`
  return urls
}

function addTimes(view: JsonObject, row: PredictionRow, moment: Moment): void {
  const ended = row.status !== null && row.ended_ms !== null
  const begun = ended ? hadBegun(row, row.status ?? 'failed', row.ended_ms ?? 0) : moment.phase === 'processing'
  view['started_at'] = begun ? iso(row.starts_ms) : null
  view['completed_at'] = ended ? iso(row.ended_ms ?? 0) : null
  if (ended && row.metrics !== null) view['metrics'] = JSON.parse(row.metrics) as Json
}

const iso = (ms: number): string => new Date(ms).toISOString()
