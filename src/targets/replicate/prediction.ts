/** A prediction as the API shows it, checked where it comes in. */
import { isObject, type Json, type JsonObject } from '../../std/json.ts'

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
  /** The API said that its output is the final one, though it is shown as `processing`, without metrics. */
  whole?: true
}

const texts = ['model', 'version', 'deployment', 'created_at', 'started_at', 'completed_at', 'deadline'] as const

/** Undefined when it is none. By hand: every call reads some, and zod takes as long as the rest of a request. */
export function readPrediction(body: unknown): Prediction | undefined {
  if (!isObject(body)) return undefined
  const { id, status, output, error, logs, data_removed, urls } = body
  if (typeof id !== 'string' || !/^[\w-]{1,128}$/.test(id) || typeof status !== 'string') return undefined
  const input = orNone(body['input'])
  const metrics = orNone(body['metrics'])
  if (!input || !metrics || !texts.every((name) => isTextOrNone(body[name]))) return undefined
  const text = (name: (typeof texts)[number]) => (body[name] ?? undefined) as string | undefined
  return {
    id,
    status,
    model: text('model'),
    version: text('version'),
    deployment: text('deployment'),
    input,
    output: (output ?? null) as Json,
    error,
    metrics,
    created_at: text('created_at'),
    started_at: text('started_at'),
    completed_at: text('completed_at'),
    deadline: text('deadline'),
    logs: typeof logs === 'string' ? logs : '',
    data_removed: data_removed === true,
    stream: isObject(urls) && typeof urls['stream'] === 'string' ? urls['stream'] : undefined,
  }
}

/** Null and absent mean the same. */
function isTextOrNone(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string'
}

/** Undefined when it is something else than an object, or none. */
function orNone(value: unknown): JsonObject | undefined {
  if (value === undefined || value === null) return {}
  return isObject(value) ? (value as JsonObject) : undefined
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
