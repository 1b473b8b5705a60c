/** How a prediction or training ends: its outcome, and what has to be written with it. */
import type { Json, JsonObject } from '../../std/json.ts'
import type { CatalogueModel, InputFile } from '../catalogue/model.ts'
import type { Content } from '../store/content.ts'
import type { FileRow } from '../store/file-rows.ts'
import type { ModelRows, OwnVersionRow } from '../store/model-rows.ts'
import type { Outcome, PredictionRow, PredictionRows } from '../store/prediction-rows.ts'
import { exactCharge, unfinishedCharge } from './charge.ts'
import type { Computed } from './compute.ts'
import { faultOf } from './fault-of.ts'
import { keepFiles } from './keep-files.ts'
import { progressLog } from './progress-log.ts'
import { endOf, hadBegun } from './timeline.ts'
import { trainedVersion, trainModel } from './train.ts'

export interface EndingParts {
  /** Mixed into the ids of output files, so that their links can't be guessed. */
  secret: string
  /** How long data of an ended prediction is kept. */
  dataLifetimeMs: number
  predictions: PredictionRows
  ownModels: ModelRows
  content: Content
  modelOfVersion(version: string): CatalogueModel | undefined
  file(link: string): Promise<InputFile>
  /** What the model of a prediction answers. */
  answer(row: PredictionRow): Promise<Computed>
}

export interface Ending {
  outcome: Outcome
  made: Omit<FileRow, 'seq'>[]
  /** What a training made. */
  version?: Omit<OwnVersionRow, 'seq'>
}

/** How long the weights of a training are kept. */
const weightsLifetimeMs = 10 * 365 * 86_400_000

/** Of one whose end has come; the same however often it is asked. Files are kept when this resolves, rows are not. */
export async function endingOf(row: PredictionRow, parts: EndingParts): Promise<Ending> {
  const end = endOf(row)
  const found = parts.modelOfVersion(row.version)
  if (!found) return failed(row, undefined, `The version ${row.version} of ${row.model} is gone`, '')
  const model = billed(found, row)
  if (end.how === 'finished') return finished(row, model, parts)
  const seconds = secondsOf(row)
  const begun = hadBegun(row, end.how, end.at)
  const outcome: Outcome = {
    status: end.how,
    ended_ms: end.at,
    output: null,
    error: null,
    logs: begun ? progressLog(row, model, (seconds * 1_000) / (row.ends_ms - row.starts_ms)) : '',
    metrics: metricsOf(row, end.at, begun),
    usd: unfinishedCharge(model, end.how, seconds, row.usd),
  }
  return { outcome, made: [] }
}

/** The model with the price that counts: a training is charged by the second. */
export function billed(model: CatalogueModel, { destination }: Pick<PredictionRow, 'destination'>): CatalogueModel {
  return destination === null ? model : { ...model, price: { per: 'second' } }
}

async function finished(row: PredictionRow, model: CatalogueModel, parts: EndingParts): Promise<Ending> {
  const fault = faultOf(row)
  if (fault?.kind === 'failed') return failed(row, model, fault.error, progressLog(row, model, 0.5))
  if (fault?.kind === 'stall') {
    return failed(row, model, 'Prediction timed out: it ran for more than 30 minutes', '')
  }
  const endedMs = endOf(row).at
  const version = row.destination === null ? undefined : versionOf(row, row.destination, parts)
  const computed = await (version ? train(row, model, version, parts) : parts.answer(row))
  if (!computed.ok) return failed(row, model, computed.error, computed.logs)
  const { answer } = computed
  const made = await keepFiles(parts.content, row.id, answer.files ?? [], {
    secret: parts.secret,
    createdMs: endedMs,
    expiresMs: endedMs + (version ? weightsLifetimeMs : parts.dataLifetimeMs),
  })
  const output: Json = fault?.kind === 'empty' ? null : answer.output
  const outcome: Outcome = {
    status: 'succeeded',
    ended_ms: endedMs,
    output: JSON.stringify(output),
    error: null,
    logs: progressLog(row, model, 1) + computed.logs,
    metrics: metricsOf(row, endedMs, true, answer.metrics),
    usd: exactCharge(model, answer, secondsOf(row)),
  }
  return { outcome, made, ...(version && { version }) }
}

function failed(row: PredictionRow, model: CatalogueModel | undefined, error: string, logs: string): Ending {
  const endedMs = endOf(row).at
  const usd = model ? unfinishedCharge(model, 'failed', secondsOf(row), row.usd) : 0
  const metrics = metricsOf(row, endedMs, true)
  return { outcome: { status: 'failed', ended_ms: endedMs, output: null, error, logs, metrics, usd }, made: [] }
}

function versionOf(row: PredictionRow, destination: string, parts: EndingParts): Omit<OwnVersionRow, 'seq'> {
  const id = trainedVersion(row, parts.predictions.trainingsBefore(destination, row.id))
  return { id, model: destination, base: row.version, training: row.id, created_ms: endOf(row).at }
}

async function train(
  row: PredictionRow,
  model: CatalogueModel,
  version: Omit<OwnVersionRow, 'seq'>,
  parts: EndingParts,
): Promise<Computed> {
  if (parts.ownModels.get(version.model)) return trainModel(row, model, { version: version.id, file: parts.file })
  return { ok: false, error: `The destination ${version.model} does not exist`, logs: '' }
}

/** That it ran. */
function secondsOf(row: PredictionRow): number {
  return Math.max(0, endOf(row).at - row.starts_ms) / 1_000
}

function metricsOf(row: PredictionRow, endedMs: number, begun: boolean, more: JsonObject = {}): string {
  const total = (endedMs - row.created_ms) / 1_000
  if (!begun) return JSON.stringify({ total_time: total })
  return JSON.stringify({ predict_time: (endedMs - row.starts_ms) / 1_000, total_time: total, ...more })
}
