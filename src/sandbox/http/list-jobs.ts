/** Lists predictions or trainings. */
import type { SandboxContext } from '../context.ts'
import type { PredictionFilter } from '../store/prediction-rows.ts'
import { type Answer, ok, problem } from './answer.ts'
import type { SandboxRequest } from './request.ts'
import { seqPage } from './seq-page.ts'
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
  const times: Pick<PredictionFilter, 'createdAfterMs' | 'createdBeforeMs'> = {}
  for (const [name, field] of [
    ['created_after', 'createdAfterMs'],
    ['created_before', 'createdBeforeMs'],
  ] as const) {
    const written = request.query.get(name)
    if (written === null) continue
    const ms = Date.parse(written)
    if (Number.isNaN(ms)) return problem(400, `${name} must be an ISO 8601 date-time`)
    times[field] = ms
  }
  return seqPage(
    context,
    request,
    (range) => context.predictions.list({ kind, ...times, ...range }),
    async (row) => showPrediction(context, await context.engine.settled(row)),
  )
}
