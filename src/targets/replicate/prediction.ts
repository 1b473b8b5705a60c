/** A prediction as the API shows it, checked where it comes in. */
import { z } from 'zod'
import type { Json, JsonObject } from '../../std/json.ts'

const time = z.string().nullish()

const predictionShape = z.object({
  id: z.string().regex(/^[\w-]{1,128}$/),
  status: z.string(),
  model: z.string().nullish(),
  version: z.string().nullish(),
  deployment: z.string().nullish(),
  input: z.record(z.string(), z.unknown()).nullish(),
  output: z.unknown().optional(),
  error: z.unknown().optional(),
  logs: z.string().nullish().catch(null),
  data_removed: z.boolean().nullish(),
  metrics: z.record(z.string(), z.unknown()).nullish(),
  created_at: time,
  started_at: time,
  completed_at: time,
  deadline: time,
  urls: z.object({ stream: z.string().nullish() }).nullish(),
})

export interface Prediction {
  id: string
  /** `starting processing succeeded failed canceled aborted`, or what may come. */
  status: string
  model: string | undefined
  version: string | undefined
  deployment: string | undefined
  input: JsonObject
  output: Json
  error: unknown
  logs: string
  data_removed: boolean
  metrics: JsonObject
  created_at: string | undefined
  started_at: string | undefined
  completed_at: string | undefined
  deadline: string | undefined
  stream: string | undefined
}

/** Undefined when it is none. */
export function readPrediction(body: unknown): Prediction | undefined {
  const read = predictionShape.safeParse(body)
  if (!read.success) return undefined
  const { data } = read
  return {
    id: data.id,
    status: data.status,
    model: data.model ?? undefined,
    version: data.version ?? undefined,
    deployment: data.deployment ?? undefined,
    input: (data.input ?? {}) as JsonObject,
    output: (data.output ?? null) as Json,
    error: data.error,
    logs: data.logs ?? '',
    data_removed: data.data_removed ?? false,
    metrics: (data.metrics ?? {}) as JsonObject,
    created_at: data.created_at ?? undefined,
    started_at: data.started_at ?? undefined,
    completed_at: data.completed_at ?? undefined,
    deadline: data.deadline ?? undefined,
    stream: data.urls?.stream ?? undefined,
  }
}

const terminal = new Set(['succeeded', 'failed', 'canceled', 'aborted'])

/** `aborted` ends a prediction, too: its deadline passed before it began. */
export function hasEnded(prediction: Prediction): boolean {
  return terminal.has(prediction.status)
}

/**
 * A create that waited shows what has succeeded as `processing`, with its output. Output alone proves nothing: that of
 * a streaming model grows while it runs. Only what has ended has a `predict_time`.
 */
export function hasSucceeded(prediction: Prediction): boolean {
  if (prediction.status === 'succeeded') return true
  return prediction.status === 'processing' && prediction.output !== null && typeof prediction.metrics['predict_time'] === 'number'
}

/** What it put out is no more: Replicate removes it after an hour. */
export function isLost(prediction: Prediction): boolean {
  return prediction.data_removed && prediction.status === 'succeeded' && prediction.output === null
}
