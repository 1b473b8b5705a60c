/** The example of a model: a prediction of its showcase input, made when it is first asked for, on nobody's bill. */
import type { JsonObject } from '../../std/json.ts'
import { type CatalogueModel, modelName } from '../catalogue/model.ts'
import type { SandboxContext } from '../context.ts'
import { readInputFile } from '../files/read-input-file.ts'
import { derivedId } from '../prediction-id.ts'
import { computeAnswer } from '../predictions/compute.ts'
import { keepFiles } from '../predictions/keep-files.ts'
import { viewPrediction } from '../predictions/view.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import { hashJson } from '../../std/hash.ts'

/** How long its files are kept. */
const lifetimeMs = 10 * 365 * 86_400_000

export async function exampleOf(context: SandboxContext, model: CatalogueModel): Promise<JsonObject> {
  const row = await madeExample(context, model)
  return viewPrediction(row, {
    origin: context.origin(),
    secret: context.secret,
    model,
    moment: { phase: 'ended', how: 'finished', at: row.ends_ms },
    removed: false,
    files: context.files.ofPrediction(row.id),
  })
}

/** The model that this is the example of. */
export function modelOfExample(context: SandboxContext, id: string): CatalogueModel | undefined {
  return context.catalogue.models.find((model) => idOf(model) === id)
}

const idOf = (model: CatalogueModel): string => derivedId(`example of ${modelName(model)}`)

async function madeExample(context: SandboxContext, model: CatalogueModel): Promise<PredictionRow> {
  const version = context.catalogue.versions(modelName(model))[0]
  const createdMs = Date.parse(version?.createdAt ?? '')
  const seconds = model.latency.kind === 'lognormal' ? model.latency.medianMs / 1_000 : 1
  const row: PredictionRow = {
    seq: 0,
    id: idOf(model),
    model: modelName(model),
    version: version?.id ?? '',
    deployment: null,
    destination: null,
    input: JSON.stringify(model.example),
    input_key: hashJson(model.example),
    created_ms: createdMs,
    starts_ms: createdMs,
    ends_ms: createdMs + seconds * 1_000,
    deadline_ms: null,
    fault: null,
    webhook: null,
    webhook_events: null,
    usd: 0,
    canceled_ms: null,
    status: 'succeeded',
    ended_ms: createdMs + seconds * 1_000,
    output: null,
    error: null,
    logs: '',
    metrics: JSON.stringify({ predict_time: seconds, total_time: seconds }),
    removed_ms: null,
  }
  const computed = await computeAnswer(row, model, {
    seed: context.seed,
    file: (link) => readInputFile(link, context.files, context.content),
  })
  if (!computed.ok) return { ...row, status: 'failed', error: computed.error }
  if (context.files.ofPrediction(row.id).length === 0) {
    const made = await keepFiles(context.content, row.id, computed.answer.files ?? [], {
      secret: context.secret,
      createdMs,
      expiresMs: createdMs + lifetimeMs,
    })
    await context.writer.write(() => made.forEach((file) => context.files.insert(file)))
  }
  return { ...row, output: JSON.stringify(computed.answer.output), logs: computed.logs }
}
