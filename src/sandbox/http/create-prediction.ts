/** The one way in which predictions are created, whichever of the three paths asked for it. */
import { hashJson } from '../../std/hash.ts'
import type { JsonObject } from '../../std/json.ts'
import { invalidFields } from '../catalogue/check-input.ts'
import { type CatalogueModel, modelName } from '../catalogue/model.ts'
import type { SandboxContext } from '../context.ts'
import type { Fault } from '../faults/fault.ts'
import { withContentNames } from '../files/links.ts'
import { drawLatency, type Latency } from '../latency.ts'
import { seedFrom } from '../seed.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import { type Answer, invalid, notFound, ok } from './answer.ts'
import { refusal, spoiltAnswer } from './fault-answer.ts'
import { readPredictionRequest } from './prediction-request.ts'
import type { SandboxRequest } from './request.ts'
import { showPrediction } from './show-prediction.ts'

export interface CreateTarget {
  model: CatalogueModel
  /** 64 hex digits. */
  version: string
  deployment: string | null
  /** The answer when a fault has removed the model. Default: not found. */
  gone?: Answer
}

/** A prediction that never ends by itself is ended after this long, as Replicate does. */
const longestRunMs = 30 * 60_000

export async function createPrediction(
  context: SandboxContext,
  request: SandboxRequest,
  find: (body: JsonObject) => CreateTarget | Answer,
): Promise<Answer> {
  const asked = readPredictionRequest(request)
  if ('kind' in asked) return asked
  const target = find(asked.body)
  if ('kind' in target) return target
  const wrong = invalidFields(target.model.fields, asked.input)
  if (wrong.length > 0) return invalid(wrong)
  const inputKey = inputKeyOf(context, asked.input)
  const fault = context.injector.strike('create', modelName(target.model), inputKey)
  if (fault?.kind === 'dead') return target.gone ?? notFound()
  const refused = fault && refusal(fault)
  if (refused) return refused
  const row = await context.engine.create({
    model: modelName(target.model),
    version: target.version,
    deployment: target.deployment,
    destination: null,
    input: asked.input,
    inputKey,
    ...drawTimes(context, { latency: target.model.latency, version: target.version }, inputKey, fault),
    cancelAfterMs: asked.cancelAfterMs,
    fault,
    webhook: asked.webhook,
    webhookEvents: asked.webhookEvents,
  })
  if (row.webhook !== null) context.webhooks.follow(row.id)
  const spoilt = fault && spoiltAnswer(fault)
  if (spoilt) return spoilt
  return created(context, request, row, asked.waitMs, fault)
}

/** The answer to a create, held back for as long as was asked for. */
async function created(
  context: SandboxContext,
  request: SandboxRequest,
  row: PredictionRow,
  waitMs: number | undefined,
  fault: Fault | undefined,
): Promise<Answer> {
  if (waitMs === undefined) return ok(await showPrediction(context, row), 201)
  if (fault?.kind === 'early') {
    return ok({ ...(await showPrediction(context, row, { waited: true })), status: 'processing' }, 201)
  }
  const ended = await context.engine.waitForEnd(row, waitMs, () => request.signal())
  return ok(await showPrediction(context, ended, { waited: true }), ended.status === null ? 202 : 201)
}

/** The hash of the canonical input, in which links to the sandbox's own files stand as hashes of their content. */
export function inputKeyOf(context: SandboxContext, input: JsonObject): string {
  return hashJson(withContentNames(input, (id) => context.files.get(id)?.sha256))
}

/** Waiting in the queue takes a tenth of the running time, at most 200 ms. */
export function drawTimes(
  context: SandboxContext,
  { latency, version }: { latency: Latency; version: string },
  inputKey: string,
  fault: Fault | undefined,
) {
  const drawn = drawLatency(context.latency ?? latency, () =>
    seedFrom(`${context.seed} latency ${version} ${inputKey}`),
  )
  const startsInMs = Math.min(200, Math.round(drawn / 10))
  const runs = Math.round(drawn) - startsInMs
  if (fault?.kind === 'queue') return { startsInMs: fault.seconds * 1_000, runsForMs: runs }
  if (fault?.kind === 'stall') return { startsInMs, runsForMs: longestRunMs }
  return { startsInMs, runsForMs: fault?.kind === 'slow' ? Math.round(runs * fault.factor) : runs }
}
