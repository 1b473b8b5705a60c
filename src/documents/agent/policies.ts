/** Durations and retries as written → as kept. */
import type { RetryPolicy } from '../../domain/definition.ts'
import { parseDuration } from '../../std/duration.ts'
import type { DurationSpec, RetrySpec } from './policy-spec.ts'

/** Milliseconds. The schema has let only durations through. */
export function milliseconds(written: DurationSpec): number {
  return parseDuration(written) as number
}

/** What is written, over what holds otherwise. */
export function retryOver(under: RetryPolicy, written: RetrySpec): RetryPolicy {
  const { attempts, base_delay: base, max_delay: max, jitter, on } = written
  const policy: RetryPolicy = { ...under }
  if (attempts !== undefined) policy.attempts = attempts
  if (base !== undefined) policy.base_delay_ms = milliseconds(base)
  if (max !== undefined) policy.max_delay_ms = milliseconds(max)
  else if (base !== undefined) policy.max_delay_ms = Math.max(under.max_delay_ms, policy.base_delay_ms)
  if (jitter !== undefined) policy.jitter = jitter
  if (on !== undefined) policy.on = [...new Set([on].flat())]
  return policy
}
