/** What a route answers, as a value; the server alone writes it. */
import type { ServerResponse } from 'node:http'
import type { Json, JsonObject } from '../../std/json.ts'
import type { InvalidField } from '../catalogue/check-input.ts'

export type Answer =
  | { kind: 'json'; status: number; body: Json; headers?: Record<string, string> }
  /** `cutAfter`: the connection is cut after so many of them. */
  | { kind: 'bytes'; status: number; mediaType: string; bytes: Buffer; cutAfter?: number }
  | { kind: 'empty'; status: number }
  | { kind: 'stream'; mediaType: string; run(response: ServerResponse, signal: AbortSignal): Promise<void> }
  /** The connection is cut without an answer. */
  | { kind: 'cut' }

export const ok = (body: Json, status = 200): Answer => ({ kind: 'json', status, body })

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthenticated',
  402: 'Insufficient credit',
  403: 'Permission denied',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Request too large',
  422: 'Unprocessable entity',
  429: 'Too many requests',
  500: 'Internal server error',
  502: 'Bad gateway',
  503: 'Service unavailable',
}

/** A problem-details body: title, detail, status. */
export function problem(
  status: number,
  detail: string,
  more: { title?: string; body?: JsonObject; headers?: Record<string, string> } = {},
): Answer {
  const title = more.title ?? titles[status] ?? 'Error'
  return {
    kind: 'json',
    status,
    body: { title, detail, status, ...more.body },
    headers: { 'content-type': 'application/problem+json', ...more.headers },
  }
}

/** 422 with every field that is wrong. */
export const invalid = (problems: readonly InvalidField[]): Answer =>
  problem(422, problems.map(({ field, description }) => `- ${field}: ${description}\n`).join(''), {
    title: 'Input validation failed',
    body: { invalid_fields: problems.map((each) => ({ ...each })) },
  })

export const plainText = (text: string): Answer => ({
  kind: 'bytes',
  status: 200,
  mediaType: 'text/plain; charset=utf-8',
  bytes: Buffer.from(text),
})

export const notFound = (): Answer => problem(404, 'The requested resource could not be found.')

/** 429, and 503 with a time: nothing was created, come back later. */
export function throttled(status: number, retryAfterS: number): Answer {
  const detail =
    status === 429
      ? `Request was throttled. Your rate limit resets in ~${retryAfterS}s.`
      : 'The service is temporarily unavailable.'
  return problem(status, detail, {
    body: { retry_after: retryAfterS },
    headers: { 'retry-after': String(retryAfterS) },
  })
}
