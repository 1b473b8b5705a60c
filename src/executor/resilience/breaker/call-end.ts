/** What the end of an attempt says to the breakers that it passed (ruling 44). */
import { type CountedClass, troubles } from '../../../domain/breaker.ts'
import { type ReplicateAgentError, RetryableError, TimeoutError } from '../../../domain/errors.ts'
import type { AttemptEnd } from '../../attempt.ts'
import { isHeldBack } from '../../failure.ts'
import type { Judged } from '../../judged.ts'
import type { CallEnd } from './breaker.ts'
import type { Guard } from './breakers.ts'

export interface EndedAttempt {
  /** As the target and the schema of its output left it. */
  made: AttemptEnd
  /** With what its answer is worth. */
  judged: Judged
  /** The work was called off from outside. */
  cancelled: boolean
}

/** `told`: its message as it may be kept. */
export function callEnd(ended: EndedAttempt, guard: Guard, told: (message: string) => string): CallEnd {
  const { took_ms } = ended.made
  const failure = failureOf(ended)
  if (failure === 'none') return { verdict: 'succeeded', took_ms }
  if (failure === 'called off') return { verdict: 'dropped' }
  const verdict = guard.ofProvider ? ofProvider(failure) : ofModel(failure, guard)
  const end: CallEnd = { verdict, took_ms, retry_after_ms: retryAfterOf(failure) }
  const kind = troubles.find((each) => each === failure.code)
  // What is the model's own is no trouble of its provider.
  if (kind && (!guard.ofProvider || verdict === 'failed')) end.trouble = { class: kind, message: told(failure.message) }
  return end
}

function failureOf({ made, judged, cancelled }: EndedAttempt): ReplicateAgentError | 'none' | 'called off' {
  if (made.status === 'failed') return isHeldBack(made.failure) ? 'called off' : made.failure
  if (made.status === 'aborted') {
    // A time that ran out before anything was sent says nothing of what was to be called.
    const isLate = made.reason instanceof TimeoutError && !cancelled && made.took_ms !== undefined
    return isLate ? (made.reason as TimeoutError) : 'called off'
  }
  // What keeps an answer from being scored is no fault of the model's.
  return judged.status === 'failed' && judged.failure.code === 'quality_failure' ? judged.failure : 'none'
}

/** An answer that is not good enough is one. */
function ofModel({ code }: ReplicateAgentError, { policy }: Guard): CallEnd['verdict'] {
  if (policy.on.includes(code as CountedClass)) return 'failed'
  return code === 'quality_failure' ? 'succeeded' : 'dropped'
}

/** Errors of the API itself, or none of its answers, speak against it; how a prediction ends is the model's affair. */
function ofProvider({ code, details }: ReplicateAgentError): CallEnd['verdict'] {
  if (details?.['prediction'] !== undefined || answered.has(code)) return 'succeeded'
  return code === 'network' || code === 'server' ? 'failed' : 'dropped'
}

const answered: ReadonlySet<string> = new Set(['quality_failure', 'invalid_output', 'validation', 'not_found'])

function retryAfterOf(failure: ReplicateAgentError): number | undefined {
  return failure instanceof RetryableError ? failure.retryAfterMs : undefined
}
