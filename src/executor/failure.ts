/** Reads a failure: its class for `retry.on`, whether it stops the run, what it cost. */
import { isRunWide } from '../domain/budget.ts'
import { type FailureClass, failureClasses, ReplicateAgentError, RetryableError } from '../domain/errors.ts'

/** Anything thrown as one of our errors; what was not raised on purpose is an `exception`. */
export function asFailure(thrown: unknown): ReplicateAgentError {
  if (thrown instanceof ReplicateAgentError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new RetryableError('exception', message === '' ? 'the call threw an empty error' : message, { cause: thrown })
}

/** The class that `retry.on` may name; undefined: trying again can't help. */
export function classOf(failure: ReplicateAgentError): FailureClass | undefined {
  return failureClasses.find((name) => name === failure.code)
}

const stopping = new Set<string>([
  'authentication',
  'payment_required',
  'missing_token',
  'missing_secret',
  'configuration',
])

/** Every other call of the run would meet the same (rulings 18 and 47). */
export function stopsRun(failure: ReplicateAgentError): boolean {
  return stopping.has(failure.code) || isRunWide(failure)
}

/** Dollars spent on the failed attempt; null: unknown. */
export function costOf(failure: ReplicateAgentError): number | null {
  const cost = failure.details?.['cost_usd']
  return cost === null || typeof cost === 'number' ? cost : 0
}

/** Whether this program did not let the call begin: that says nothing of what would have been called. */
export function isHeldBack(failure: ReplicateAgentError): boolean {
  return failure.details?.['held_back'] === true
}

/** Whether it is still open at the remote how the attempt ended. */
export function isUnanswered(failure: ReplicateAgentError): boolean {
  return failure.details?.['unanswered'] === true
}

/** The same failure with why it was not tried again. */
export function withWhy(failure: ReplicateAgentError, why: string): ReplicateAgentError {
  const { code, message, retryable, hint, step, details, cause } = failure
  return new ReplicateAgentError(code, `${message}; not tried again: ${why}`, { retryable, hint, step, details, cause })
}

/** It stays open in the journal, for a resume may be let in; but nothing was created, and nothing spent. */
export function isRefusal(failure: ReplicateAgentError): boolean {
  return stopsRun(failure) && costOf(failure) === 0
}
