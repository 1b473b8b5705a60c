/** How long to wait before a failed call is tried again. */
import type { RetryPolicy } from '../../domain/definition.ts'
import type { Random } from '../../std/random.ts'

export interface Backoff {
  /** How often this candidate has failed in a row, from 1. */
  failures: number
  /** The delay before, for `decorrelated`. */
  previous_ms: number | undefined
  /** What the server asked for. */
  retry_after_ms: number | undefined
}

/** Milliseconds: by the policy's jitter, within its `max_delay_ms`, but never sooner than the server asked for. */
export function backoffDelay(policy: RetryPolicy, backoff: Backoff, random: Random): number {
  return Math.max(jittered(policy, backoff, random), backoff.retry_after_ms ?? 0)
}

function jittered(policy: RetryPolicy, { failures, previous_ms }: Backoff, random: Random): number {
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
