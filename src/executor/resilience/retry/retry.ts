/** Whether a failed call is tried again, and how long it is waited before. */
import { type FailureClass, type ReplicateAgentError, RetryableError } from '../../../domain/errors.ts'
import { type Backoff, backoffAfter, type RetryPolicy } from '../../../domain/retry-policy.ts'
import type { Random } from '../../../std/random.ts'

export interface Failed {
  /** How often this candidate has failed in a row, from 1. */
  failures: number
  /** The delay before, for `decorrelated`. */
  previous_ms: number | undefined
  /** What the server asked for. */
  retry_after_ms: number | undefined
}

/** Milliseconds: by the policy's jitter, within its `max_delay_ms`, but never sooner than the server asked for. */
export function backoffDelay(policy: Backoff, failed: Failed, random: Random): number {
  return Math.max(jittered(policy, failed, random), failed.retry_after_ms ?? 0)
}

function jittered(policy: Backoff, { failures, previous_ms }: Failed, random: Random): number {
  const { base_delay_ms: base, max_delay_ms: max, jitter } = policy
  const full = Math.min(max, base * 2 ** Math.min(failures - 1, 60))
  switch (jitter) {
    case 'none':
      return full
    case 'full':
      return random() * full
    case 'equal':
      return full / 2 + random() * (full / 2)
    case 'decorrelated': {
      const upper = Math.max(base, (previous_ms ?? base) * 3)
      return Math.min(max, base + random() * (upper - base))
    }
  }
}

/** What holds after this failure, which was the `made`th attempt; undefined: it is the last. */
export function policyAfter(policy: RetryPolicy, failed: FailureClass | undefined, made: number): Backoff | undefined {
  if (failed === undefined || !policy.on.includes(failed)) return undefined
  const after = backoffAfter(policy, failed)
  return made < after.attempts ? after : undefined
}

/** A 429 uses up no attempt (ruling 18): it is waited for as long as there is time, unless `by_class` says how often. */
export function policyAfterRefusal(policy: RetryPolicy, refused: number): Backoff | undefined {
  const most = policy.by_class?.rate_limited?.attempts
  if (!policy.on.includes('rate_limited') || (most !== undefined && refused >= most)) return undefined
  return backoffAfter(policy, 'rate_limited')
}

/** Milliseconds that the server asked to wait. */
export function retryAfterOf(failure: ReplicateAgentError): number | undefined {
  return failure instanceof RetryableError ? failure.retryAfterMs : undefined
}
