/** Every error that the project raises on purpose: what happened, whether trying again can help, what to do. */
import type { Json, JsonObject } from '../std/json.ts'

/** The classes of failure that a `retry.on` can name (ruling: `timeout network server …`). */
export const failureClasses = [
  'timeout',
  'network',
  'server',
  'rate_limited',
  'exception',
  'quality_failure',
  'resource_exhausted',
  'invalid_output',
] as const
export type FailureClass = (typeof failureClasses)[number]

/** Stable codes; each door maps every one of them in a table that fails to compile when a code is missing. */
export const errorCodes = [
  // what the caller wrote
  'usage',
  'unknown_run',
  'run_mismatch',
  'invalid_workflow',
  'invalid_expression',
  'invalid_input',
  'invalid_config',
  'invalid_test',
  'lock_mismatch',
  'file_not_found',
  'file_unreadable',
  'file_too_large',
  // what happened to a call; the first eight are failure classes
  ...failureClasses,
  'authentication',
  'payment_required',
  'validation',
  'not_found',
  'outcome_unknown',
  'no_candidate',
  'circuit_open',
  'budget_exceeded',
  'refused',
  'withheld',
  'plugin_failed',
  // what happened to a step or run
  'expression_failed',
  'repeat_exhausted',
  'rejected',
  'approval_timeout',
  'step_failed',
  'run_failed',
  'cancelled',
  // the surroundings
  'missing_token',
  'missing_secret',
  'configuration',
  'store',
  'store_newer',
  'store_corrupt',
  'disk_full',
  'held',
  'lease_lost',
  'runtime_too_old',
  'interrupted',
  'internal',
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** An error as data: in the journal, in `--json`, over HTTP. */
export interface ErrorData {
  code: ErrorCode
  message: string
  retryable: boolean
  /** What the reader can do about it. */
  hint?: string
  /** The step that it happened in. */
  step?: string
  details?: JsonObject
  cause?: string
}

export interface ErrorOptions {
  hint?: string | undefined
  step?: string | undefined
  details?: JsonObject | undefined
  cause?: unknown
}

export class ReplicateAgentError extends Error {
  override readonly name: string = 'ReplicateAgentError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly hint: string | undefined
  readonly step: string | undefined
  readonly details: JsonObject | undefined

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { retryable?: boolean } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.retryable = options.retryable ?? false
    this.hint = options.hint
    this.step = options.step
    this.details = options.details
  }
}

export interface RetryableErrorOptions extends ErrorOptions {
  /** Milliseconds that the server asked to wait before the same is tried again. */
  retryAfterMs?: number | undefined
}

/** Trying the same again later can succeed; not before `retryAfterMs`, where the server said so. */
export class RetryableError extends ReplicateAgentError {
  override readonly name: string = 'RetryableError'
  readonly retryAfterMs: number | undefined
  constructor(code: FailureClass, message: string, options: RetryableErrorOptions = {}) {
    super(code, message, { ...options, retryable: true })
    this.retryAfterMs = options.retryAfterMs
  }
}

/** 429, and 503 with `Retry-After`: nothing was created. */
export class RateLimitError extends RetryableError {
  override readonly name = 'RateLimitError'
  constructor(message: string, options: RetryableErrorOptions = {}) {
    super('rate_limited', message, options)
  }
}

/** Any other 5xx. */
export class ServerError extends RetryableError {
  override readonly name = 'ServerError'
  constructor(message: string, options: RetryableErrorOptions = {}) {
    super('server', message, options)
  }
}

/** No (whole) answer arrived. */
export class NetworkError extends RetryableError {
  override readonly name = 'NetworkError'
  constructor(message: string, options: RetryableErrorOptions = {}) {
    super('network', message, options)
  }
}

export class TimeoutError extends RetryableError {
  override readonly name = 'TimeoutError'
  constructor(message: string, options: RetryableErrorOptions = {}) {
    super('timeout', message, options)
  }
}

/** Trying the same again gives the same. */
export class NonRetryableError extends ReplicateAgentError {
  override readonly name: string = 'NonRetryableError'
  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, retryable: false })
  }
}

/** 401 and 403. */
export class AuthenticationError extends NonRetryableError {
  override readonly name = 'AuthenticationError'
  constructor(message: string, options: ErrorOptions = {}) {
    super('authentication', message, options)
  }
}

/** 422: the provider refused the input. */
export class ValidationError extends NonRetryableError {
  override readonly name = 'ValidationError'
  constructor(message: string, options: ErrorOptions = {}) {
    super('validation', message, options)
  }
}

export class NotFoundError extends NonRetryableError {
  override readonly name = 'NotFoundError'
  constructor(message: string, options: ErrorOptions = {}) {
    super('not_found', message, options)
  }
}

/** A circuit breaker keeps calls from what was to be called. */
export class CircuitOpenError extends NonRetryableError {
  override readonly name = 'CircuitOpenError'
  constructor(message: string, options: ErrorOptions = {}) {
    super('circuit_open', message, options)
  }
}

export class BudgetExceededError extends NonRetryableError {
  override readonly name = 'BudgetExceededError'
  constructor(message: string, options: ErrorOptions = {}) {
    super('budget_exceeded', message, options)
  }
}

/** Something that a person has to set up first. */
export class ConfigurationError extends NonRetryableError {
  override readonly name = 'ConfigurationError'
  constructor(
    code: 'missing_token' | 'missing_secret' | 'configuration' | 'invalid_config',
    message: string,
    options: ErrorOptions = {},
  ) {
    super(code, message, options)
  }
}

/** The command, its arguments or its names make no sense. */
export class UsageError extends NonRetryableError {
  override readonly name = 'UsageError'
  constructor(message: string, options: ErrorOptions & { code?: 'usage' | 'unknown_run' | 'run_mismatch' } = {}) {
    super(options.code ?? 'usage', message, options)
  }
}

/** Work that was called off: a cancelled run, a closed terminal, a second Ctrl-C. */
export class CancelledError extends NonRetryableError {
  override readonly name = 'CancelledError'
  constructor(message: string, options: ErrorOptions & { code?: 'cancelled' | 'interrupted' } = {}) {
    super(options.code ?? 'cancelled', message, options)
  }
}

/** The store, its disk, or who holds it. */
export class StoreError extends NonRetryableError {
  override readonly name = 'StoreError'
  constructor(
    code: 'store' | 'store_newer' | 'store_corrupt' | 'disk_full' | 'held' | 'lease_lost',
    message: string,
    options: ErrorOptions = {},
  ) {
    super(code, message, options)
  }
}

/**
 * Whether an abort's reason calls the work itself off (cancelled, timed out), so that it is to be cancelled where it
 * runs. Any other reason only ends this process's part in it: the work stays open and is taken up again.
 */
export function isCalledOff(reason: unknown): boolean {
  if (reason instanceof TimeoutError) return true
  if (reason instanceof CancelledError) return reason.code === 'cancelled'
  return reason instanceof Error && reason.name === 'AbortError'
}

export function isRetryableError(error: unknown): boolean {
  return error instanceof ReplicateAgentError && error.retryable
}

/** Any thrown thing as data. What was not raised on purpose is `internal`. */
export function toErrorData(error: unknown): ErrorData {
  if (!(error instanceof ReplicateAgentError)) {
    return { code: 'internal', message: error instanceof Error ? error.message : String(error), retryable: false }
  }
  const data: ErrorData = { code: error.code, message: error.message, retryable: error.retryable }
  if (error.hint !== undefined) data.hint = error.hint
  if (error.step !== undefined) data.step = error.step
  if (error.details !== undefined) data.details = error.details
  if (error.cause !== undefined) data.cause = error.cause instanceof Error ? error.cause.message : String(error.cause)
  return data
}

/** Error data as an expression sees it under `steps.x.error`. */
export function errorAsJson(error: ErrorData): Json {
  return JSON.parse(JSON.stringify(error)) as Json
}
