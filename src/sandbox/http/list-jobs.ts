/** Pages of predictions or trainings, newest first, with links that stay right while new ones are created. */
import type { JsonObject } from '../../std/json.ts'
import type { SandboxContext } from '../context.ts'
import type { PredictionFilter } from '../store/prediction-rows.ts'
import { type Answer, ok, problem } from './answer.ts'
import { pageLink, pageSize, readCursor } from './list-page.ts'
import type { SandboxRequest } from './request.ts'
import { showPrediction } from './show-prediction.ts'

export async function listJobs(
  context: SandboxContext,
  request: SandboxRequest,
  kind: PredictionFilter['kind'],
): Promise<Answer> {
  const source = request.query.get('source')
  if (source !== null && source !== 'web' && source !== 'api') return problem(400, 'source must be "web" or "api"')
  // nothing is made on a web site here
  if (source === 'web') return ok({ next: null, previous: null, results: [] })
  const filter = readFilter(request, kind)
  if (!('limit' in filter)) return filter
  // one more than a page shows whether there is a next one
  const rows = context.predictions.list(filter)
  const more = rows.length > pageSize
  const page = filter.after === undefined ? rows.slice(0, pageSize) : rows.slice(-pageSize)
  const results: JsonObject[] = []
  for (const row of page) results.push(await showPrediction(context, await context.engine.settled(row)))
  const hasOlder = filter.after === undefined ? more : true
  const hasNewer = filter.after === undefined ? filter.before !== undefined : more
  const link = (letter: 'b' | 'a', seq: number | undefined, exists: boolean): string | null =>
    exists && seq !== undefined ? pageLink(context, request, `${letter}${seq}`) : null
  return ok({ next: link('b', page.at(-1)?.seq, hasOlder), previous: link('a', page[0]?.seq, hasNewer), results })
}

function readFilter(request: SandboxRequest, kind: PredictionFilter['kind']): PredictionFilter | Answer {
  const filter: PredictionFilter = { kind, limit: pageSize + 1 }
  const cursor = readCursor(request)
  if (cursor !== undefined) {
    const match = /^([ab])(\d{1,15})$/.exec(cursor)
    if (!match) return problem(400, 'Invalid cursor')
    filter[match[1] === 'a' ? 'after' : 'before'] = Number(match[2])
  }
  for (const [name, field] of [
    ['created_after', 'createdAfterMs'],
    ['created_before', 'createdBeforeMs'],
  ] as const) {
    const written = request.query.get(name)
    if (written === null) continue
    const ms = Date.parse(written)
    if (Number.isNaN(ms)) return problem(400, `${name} must be an ISO 8601 date-time`)
    filter[field] = ms
  }
  return filter
}
