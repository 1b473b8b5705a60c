/** What the API's answers and a prediction's end mean as errors: classes, hints, whether a create may have arrived. */
import {
  AuthenticationError,
  type FailureClass,
  NetworkError,
  NonRetryableError,
  NotFoundError,
  RateLimitError,
  ReplicateAgentError,
  RetryableError,
  ServerError,
  TimeoutError,
  ValidationError,
} from '../../domain/errors.ts'
import { isObject } from '../../std/json.ts'
import type { Prediction } from './prediction.ts'

// ── answers of the API ──

/** An answer outside 200 to 299 as an error. `body`: parsed, or its text. */
export function answerFailure(
  what: string,
  status: number,
  body: unknown,
  retryAfter: string | undefined,
  now: number,
): ReplicateAgentError {
  const said = saidIn(body)
  const message = `${what}: ${status}${said === '' ? '' : ` ${said}`}`
  const retryAfterMs = retryAfterOf(retryAfter, body, said, now)
  const details = { status, ...allowance(status, said) }
  const isAsked = retryAfter !== undefined || (isObject(body) && body['retry_after'] !== undefined)
  if (status === 429 || (status === 503 && isAsked)) return new RateLimitError(message, { retryAfterMs, details })
  if (status >= 500 || status === 408) return new ServerError(message, { retryAfterMs, details })
  return refusal(message, status, said)
}

/** An answer that the same request would get again. */
function refusal(message: string, status: number, said: string): ReplicateAgentError {
  const details = { status }
  if (status === 401 || status === 403) {
    return new AuthenticationError(message, {
      details,
      hint: 'check REPLICATE_API_TOKEN (https://replicate.com/account/api-tokens); `--sandbox` needs none',
    })
  }
  if (status === 402) {
    return new NonRetryableError('payment_required', message, {
      details,
      hint: 'add credit at https://replicate.com/account/billing, then resume the run',
    })
  }
  if (status === 404) return new NotFoundError(message, { details })
  if (status >= 300 && status < 400)
    return new ServerError(`${message}: redirects are not followed with a token`, { details })
  return new ValidationError(message, { details, ...(status === 422 && hintOf(said)) })
}

/** At low credit: "Your rate limit for creating predictions is reduced to 6 requests per minute with a burst of 1 requests …" */
function allowance(status: number, said: string): { allowed_per_minute?: number } {
  const perMinute = status === 429 ? /reduced to (\d+) requests? per minute/.exec(said)?.[1] : undefined
  return perMinute === undefined ? {} : { allowed_per_minute: Number(perMinute) }
}

/** `title`, `detail` and the fields of a problem-details body, of which any may be missing. */
function saidIn(body: unknown): string {
  if (typeof body === 'string') return body.replace(/\s+/g, ' ').trim().slice(0, 300)
  if (!isObject(body)) return ''
  const parts = [body['title'], body['detail'] ?? body['error'] ?? body['message']]
  const texts = parts.filter((part) => typeof part === 'string' && part !== '')
  return [...new Set(texts)]
    .join(': ')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
    .slice(0, 1_000)
}

function hintOf(said: string): { hint: string } | undefined {
  if (/version does not exist|invalid version/i.test(said))
    return { hint: 'write the model as owner/name, or owner/name:version with 64 hex digits' }
  return undefined
}

/** Timers do not reach further, and nobody waits longer. */
const longestWaitMs = 24 * 3_600_000

/** The header says it best, then the body's field, then its words; nothing that is not understood counts. */
function retryAfterOf(header: string | undefined, body: unknown, said: string, now: number): number | undefined {
  const field = isObject(body) ? body['retry_after'] : undefined
  const ms = msOf(header, now) ?? msOf(typeof field === 'number' ? String(field) : field, now) ?? msSaid(said)
  return ms === undefined ? undefined : Math.min(longestWaitMs, Math.max(0, ms))
}

/** Seconds, perhaps fractional, or an HTTP date (RFC 9110, 10.2.3). */
function msOf(written: unknown, now: number): number | undefined {
  if (typeof written !== 'string') return undefined
  if (/^\s*\d+(\.\d+)?\s*$/.test(written)) return Number(written) * 1_000
  const at = /^\s*[A-Z][a-z]{2}[a-z]*,? /.test(written) ? Date.parse(written) : Number.NaN
  return Number.isNaN(at) ? undefined : at - now
}

const saidUnits: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000 }

/** "Your rate limit resets in ~30s.", "Expected available in 1 second.", "try again in 2 minutes". */
function msSaid(said: string): number | undefined {
  const [, amount, unit = 's'] =
    /(?:resets|available|again|retry) (?:in|after) ~?(\d+(?:\.\d+)?) ?(s|m(?!s)|h)/i.exec(said) ?? []
  return amount === undefined ? undefined : Number(amount) * (saidUnits[unit.toLowerCase()] as number)
}

/** Failures to connect: no byte of the request has left. */
const notSent = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** A request that got no (whole) answer. */
export function transportFailure(what: string, thrown: unknown): NetworkError {
  const reason = codeOf(thrown) ?? (thrown instanceof Error ? thrown.message : String(thrown))
  const details = { reason, ...(notSent.has(reason) && { not_sent: true }) }
  return new NetworkError(`${what}: no answer (${reason})`, { cause: thrown, details })
}

export function codeOf(thrown: unknown): string | undefined {
  let at = thrown
  for (let depth = 0; at instanceof Error && depth < 5; depth += 1) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string') return code
    // Several addresses were tried: the first says what is wrong.
    at = at instanceof AggregateError ? (at.errors[0] as unknown) : at.cause
  }
  return undefined
}

/** Whether a create that failed so may have been made all the same (ruling 45). */
export function mayHaveArrived(failure: unknown): boolean {
  if (failure instanceof ServerError) return true
  return failure instanceof NetworkError && failure.details?.['not_sent'] !== true
}

/** Marks that the outcome is still open at the remote, so that the next attempt takes it up. */
export function unanswered(failure: unknown, cost_usd: number | null = null): unknown {
  if (!(failure instanceof ReplicateAgentError)) return failure
  return withDetails(failure, { unanswered: true, cost_usd })
}

/** The same error with what was spent. */
export function spent(failure: unknown, cost_usd: number | null): unknown {
  if (!(failure instanceof ReplicateAgentError) || failure.details?.['unanswered'] === true) return failure
  return withDetails(failure, { cost_usd })
}

function withDetails(
  failure: ReplicateAgentError,
  more: { unanswered?: true; cost_usd: number | null },
): ReplicateAgentError {
  // Errors are read-only for those who get them; whoever makes one may still complete it.
  ;(failure as { details?: ReplicateAgentError['details'] }).details = { ...failure.details, ...more }
  return failure
}

// ── how predictions end ──

/** Codes of Replicate's that say something else than "something went wrong on our side, try again". */
const classOfCode: Record<string, FailureClass> = { E1001: 'resource_exhausted', E4875: 'exception' }

/** A prediction that ended other than well. */
export function predictionFailure(prediction: Prediction, cost_usd: number | null): ReplicateAgentError {
  const { id, status } = prediction
  const details = { prediction: id, cost_usd, ...(prediction.deadline && { deadline: prediction.deadline }) }
  if (status === 'aborted')
    return new TimeoutError(`prediction ${id} was aborted: its deadline passed before it began`, { details })
  if (status === 'canceled') {
    if (endedByDeadline(prediction))
      return new TimeoutError(`prediction ${id} was canceled at its deadline`, { details })
    return new RetryableError('exception', `prediction ${id} was canceled at Replicate`, { details })
  }
  const said = textOf(prediction.error) || (prediction.data_removed ? 'its data was removed' : 'no reason given')
  return new RetryableError(classOfSaid(said, prediction.data_removed), `prediction ${id} failed: ${said}`, { details })
}

function endedByDeadline({ deadline, completed_at }: Prediction): boolean {
  if (!deadline || !completed_at) return false
  return Date.parse(completed_at) >= Date.parse(deadline) - 1_000
}

function textOf(error: unknown): string {
  if (typeof error === 'string') return error.slice(0, 2_000)
  if (isObject(error)) return saidIn(error) || JSON.stringify(error).slice(0, 2_000)
  return ''
}

function classOfSaid(said: string, dataRemoved: boolean): FailureClass {
  const code = /\bE\d{4}\b/.exec(said)?.[0]
  if (code !== undefined) return classOfCode[code] ?? 'server'
  if (/out of memory|CUDA error: memory/i.test(said)) return 'resource_exhausted'
  if (/prediction interrupted|please retry|queue is full|high demand/i.test(said) || dataRemoved) return 'server'
  return 'exception'
}
