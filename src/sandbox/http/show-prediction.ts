/** Gathers what the view of a prediction or training needs, with what there is of its output so far. */
import type { JsonObject } from '../../std/json.ts'
import type { CatalogueModel } from '../catalogue/model.ts'
import type { SandboxContext } from '../context.ts'
import { hidesOutput } from '../predictions/fault-of.ts'
import { progressLog } from '../predictions/progress-log.ts'
import { momentOf } from '../predictions/timeline.ts'
import { type ViewContext, viewPrediction } from '../predictions/view.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'

export async function showPrediction(
  context: SandboxContext,
  row: PredictionRow,
  options: { waited?: boolean } = {},
): Promise<JsonObject> {
  const moment = momentOf(row, context.clock.now())
  const model = context.catalogue.modelOfVersion(row.version)
  const view: ViewContext = {
    origin: context.origin(),
    secret: context.secret,
    model,
    moment,
    removed: context.engine.isRemoved(row),
    files: row.output?.includes('"$file"') ? context.files.ofPrediction(row.id) : [],
    ...options,
  }
  if (row.status === null && moment.phase === 'processing' && model) {
    view.partial = await partialOutput(context, row, model, moment.share)
  }
  return viewPrediction(row, view)
}

/** As on Replicate, the output of a model that streams grows while it runs: it is whole only once it has ended. */
async function partialOutput(context: SandboxContext, row: PredictionRow, model: CatalogueModel, share: number) {
  const logs = progressLog(row, model, share)
  if (!model.streams || row.destination !== null || hidesOutput(row)) return { output: null, logs }
  const computed = await context.engine.answerAhead(row)
  const tokens = computed.ok && Array.isArray(computed.answer.output) ? computed.answer.output : []
  const ready = Math.floor(tokens.length * share)
  return { output: ready > 0 ? tokens.slice(0, ready) : null, logs }
}
