/** Reads and checks what a create says about itself: body and the headers `Prefer` and `Cancel-After`. */
import { isObject, type JsonObject } from '../../std/json.ts'
import { type Answer, problem } from './answer.ts'
import { header, type SandboxRequest } from './request.ts'

export interface PredictionRequest {
  body: JsonObject
  input: JsonObject
  webhook: string | null
  webhookEvents: string[] | null
  /** How long to hold the answer back; undefined: not at all. */
  waitMs: number | undefined
  /** From creation on. */
  cancelAfterMs: number | undefined
}

const bodyFields = new Set(['input', 'version', 'stream', 'webhook', 'webhook_events_filter'])
const events = new Set(['start', 'output', 'logs', 'completed'])

export function readPredictionRequest(request: SandboxRequest): PredictionRequest | Answer {
  const body = readJsonObject(request)
  if (!body) return problem(400, 'The request body must be a JSON object.')
  const wrong = wrongBody(body)
  if (wrong) return problem(422, `- ${wrong}\n`, { title: 'Input validation failed' })
  const waitMs = readPrefer(header(request, 'prefer'))
  if (waitMs === 'bad') return problem(400, 'The Prefer header must be "wait" or "wait=n" with n from 1 to 60.')
  const cancelAfterMs = readCancelAfter(header(request, 'cancel-after'))
  if (cancelAfterMs === 'bad') {
    return problem(
      400,
      'The Cancel-After header must be a duration of at least 5 seconds, such as 30s, 5m or 1h30m45s.',
    )
  }
  const { input, webhook, webhook_events_filter: filter } = body
  return {
    body,
    input: input as JsonObject,
    webhook: typeof webhook === 'string' ? webhook : null,
    webhookEvents: Array.isArray(filter) ? (filter as string[]) : null,
    waitMs,
    cancelAfterMs,
  }
}

function readJsonObject(request: SandboxRequest): JsonObject | undefined {
  try {
    const body: unknown = JSON.parse(request.body.toString('utf8'))
    return isObject(body) ? (body as JsonObject) : undefined
  } catch {
    return undefined
  }
}

/** What is wrong with the body, in Replicate's wording, or undefined. */
function wrongBody(body: JsonObject): string | undefined {
  if (body['input'] === undefined) return 'input is required'
  if (!isObject(body['input'])) return 'input: Invalid type. Expected: object'
  const extra = Object.keys(body).find((key) => !bodyFields.has(key))
  if (extra !== undefined) return `Additional property ${extra} is not allowed`
  const { webhook, webhook_events_filter: filter } = body
  if (webhook !== undefined && (typeof webhook !== 'string' || !URL.canParse(webhook))) {
    return 'webhook: Does not match format uri'
  }
  if (filter !== undefined && !(Array.isArray(filter) && filter.every((event) => events.has(event as string)))) {
    return 'webhook_events_filter: Must be a list of start, output, logs, completed'
  }
  return undefined
}

function readPrefer(value: string | undefined): number | undefined | 'bad' {
  if (value === undefined || !value.trim().startsWith('wait')) return undefined
  const match = /^wait(?:=([1-9]|[1-5][0-9]|60))?$/.exec(value.trim())
  return match ? Number(match[1] ?? 60) * 1_000 : 'bad'
}

/** `30s`, `5m`, `1h30m45s`; a bare number is seconds. Milliseconds. */
function readCancelAfter(value: string | undefined): number | undefined | 'bad' {
  if (value === undefined) return undefined
  const match = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?$/.exec(value.trim())
  if (!match || value.trim() === '') return 'bad'
  const seconds = Number(match[1] ?? 0) * 3_600 + Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)
  return seconds >= 5 && seconds <= 86_400 ? seconds * 1_000 : 'bad'
}
