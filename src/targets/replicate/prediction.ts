/** A prediction as the API shows it, checked where it comes in. */
import { z } from 'zod'
import type { Json, JsonObject } from '../../std/json.ts'

/** Null and absent mean the same. */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined)
const object = z
  .record(z.string(), z.unknown())
  .nullish()
  .transform((value) => (value ?? {}) as JsonObject)

const predictionShape = z.object({
  id: z.string().regex(/^[\w-]{1,128}$/),
  status: z.string(),
  model: text,
  version: text,
  deployment: text,
  input: object,
  output: z
    .unknown()
    .optional()
    .transform((value) => (value ?? null) as Json),
  error: z.unknown().optional(),
  logs: z.string().catch(''),
  data_removed: z.boolean().catch(false),
  metrics: object,
  created_at: text,
  started_at: text,
  completed_at: text,
  deadline: text,
  urls: z.object({ stream: text }).catch({ stream: undefined }),
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
  error?: unknown
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
  const { urls, ...facts } = read.data
  return { ...facts, stream: urls.stream }
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
  return (
    prediction.status === 'processing' &&
    prediction.output !== null &&
    typeof prediction.metrics['predict_time'] === 'number'
  )
}

/** What it put out is no more: Replicate removes it after an hour. */
export function isLost(prediction: Prediction): boolean {
  return prediction.data_removed && prediction.status === 'succeeded' && prediction.output === null
}
