/** Durations and retries as written → as kept. */
import { failureClasses } from '../../domain/errors.ts'
import { type Backoff, defaultRetryBudget, type RetryPolicy } from '../../domain/retry-policy.ts'
import { defined } from '../../std/defined.ts'
import { parseDuration } from '../../std/duration.ts'
import type { ClassRetrySpec, DurationSpec, RetrySpec } from './policy-spec.ts'

/** Milliseconds. The schema has let only durations through. */
export function milliseconds(written: DurationSpec): number {
  return parseDuration(written) as number
}

/** What is written of it, and nothing else. */
export function writtenRetry(written: RetrySpec): Partial<RetryPolicy> {
  const { on, by_class: classes, attempt_timeout: timeout, budget } = written
  const policy: Partial<RetryPolicy> = backoffOf(written)
  if (on !== undefined) policy.on = [...new Set([on].flat())]
  if (timeout !== undefined) policy.attempt_timeout_ms = milliseconds(timeout)
  if (budget !== undefined) policy.budget = budget ? { ...defaultRetryBudget, ...defined(budget) } : null
  if (classes) {
    policy.by_class = {}
    for (const name of failureClasses) if (classes[name]) policy.by_class[name] = backoffOf(classes[name])
  }
  return policy
}

function backoffOf({ attempts, base_delay: base, max_delay: max, jitter }: ClassRetrySpec): Partial<Backoff> {
  return defined({
    attempts,
    base_delay_ms: base === undefined ? undefined : milliseconds(base),
    max_delay_ms: max === undefined ? undefined : milliseconds(max),
    jitter,
  })
}
