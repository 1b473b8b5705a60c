/** When a failed call is tried again, and how soon; how what is written in one place goes over what holds otherwise. */
import type { FailureClass } from './errors.ts'

/** What may differ from one class of failure to another. */
export interface Backoff {
  /** Counts the first call. */
  attempts: number
  base_delay_ms: number
  max_delay_ms: number
  jitter: 'full' | 'equal' | 'decorrelated' | 'none'
}

export interface RetryPolicy extends Backoff {
  on: FailureClass[]
  /** What differs after a failure of these classes, all of which are in `on`. */
  by_class?: Partial<Record<FailureClass, Partial<Backoff>>>
  /** How long one attempt may take from when it is sent; it is then cancelled, a failure of class `timeout`. */
  attempt_timeout_ms?: number
  /** Keeps retries a share of calls. null or absent: there is no such bound. */
  budget?: RetryBudgetPolicy | null
}

/** Of the calls of a model that began in the last minute, in this process. */
export interface RetryBudgetPolicy {
  /** Retries for each call. */
  ratio: number
  /** So many are made however few calls there were. */
  min_per_minute: number
}

export const defaultRetryBudget: RetryBudgetPolicy = { ratio: 0.5, min_per_minute: 60 }

export const defaultRetry: RetryPolicy = {
  attempts: 3,
  base_delay_ms: 500,
  max_delay_ms: 30_000,
  jitter: 'full',
  on: ['timeout', 'network', 'server', 'rate_limited', 'resource_exhausted'],
  budget: defaultRetryBudget,
}

/** Key by key. A class that has words of its own is one that is tried again. */
export function retryOver(under: RetryPolicy, written: Partial<RetryPolicy>): RetryPolicy {
  const { by_class: classes, on, ...rest } = written
  const policy: RetryPolicy = { ...under, ...rest }
  if (written.base_delay_ms !== undefined && written.max_delay_ms === undefined)
    policy.max_delay_ms = Math.max(under.max_delay_ms, written.base_delay_ms)
  policy.on = [...new Set([...(on ?? under.on), ...(Object.keys(classes ?? {}) as FailureClass[])])]
  if (classes) policy.by_class = { ...under.by_class }
  for (const [name, words] of Object.entries(classes ?? {}) as [FailureClass, Partial<Backoff>][])
    policy.by_class = { ...policy.by_class, [name]: { ...under.by_class?.[name], ...words } }
  return policy
}

/** What holds after a failure of this class. */
export function backoffAfter(policy: RetryPolicy, failed: FailureClass): Backoff {
  const own = policy.by_class?.[failed]
  if (!own) return policy
  const { attempts, base_delay_ms, max_delay_ms, jitter } = { ...policy, ...own }
  // As anywhere: a longer first delay lifts the bound, unless there is one for it.
  const max = own.max_delay_ms === undefined ? Math.max(max_delay_ms, base_delay_ms) : max_delay_ms
  return { attempts, base_delay_ms, max_delay_ms: max, jitter }
}
