/** Reads and checks what a create says about itself: body and the headers `Prefer` and `Cancel-After`. */
import { isObject, type JsonObject } from '../../std/json.ts'
import { type Answer, problem } from './answer.ts'
import { notAnObject, readJsonObject } from './json-body.ts'
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
  if (!body) return notAnObject()
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
  return { body, input: body['input'] as JsonObject, ...readWebhook(body), waitMs, cancelAfterMs }
}

/** Of a body in which nothing is wrong. */
export function readWebhook({ webhook, webhook_events_filter: filter }: JsonObject) {
  return {
    webhook: typeof webhook === 'string' ? webhook : null,
    webhookEvents: Array.isArray(filter) ? (filter as string[]) : null,
  }
}

/** What is wrong with the body, in Replicate's wording, or undefined. */
function wrongBody(body: JsonObject): string | undefined {
  if (body['input'] === undefined) return 'input is required'
  if (!isObject(body['input'])) return 'input: Invalid type. Expected: object'
  const extra = Object.keys(body).find((key) => !bodyFields.has(key))
  if (extra !== undefined) return `Additional property ${extra} is not allowed`
  return wrongWebhook(body)
}

/** What is wrong with where and when it is to be reported. */
export function wrongWebhook({ webhook, webhook_events_filter: filter }: JsonObject): string | undefined {
  if (
    webhook !== undefined &&
    (typeof webhook !== 'string' || !/^https?:\/\//i.test(webhook) || !URL.canParse(webhook))
  ) {
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
