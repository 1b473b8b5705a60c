/** Circuit breakers: when calls are kept from what fails, and how it gets them back. */
import type { FailureClass } from './errors.ts'

/** What opens a breaker: failures within a time, failures in a row, the share of failures among calls or within a time. */
export const breakerCriteria = ['failures', 'consecutive', 'count', 'sampling'] as const
export type BreakerCriterion = (typeof breakerCriteria)[number]

/** Classes of failure that may count: a refusal (429, 401, 403, 422) or a call that was called off never does (ruling 44). */
export const countedClasses = [
  'timeout',
  'network',
  'server',
  'resource_exhausted',
  'exception',
  'quality_failure',
  'invalid_output',
] as const satisfies readonly FailureClass[]
export type CountedClass = (typeof countedClasses)[number]

export interface BreakerPolicy {
  criterion: BreakerCriterion
  /** `failures`: so many within the window open it; `consecutive`: so many in a row. */
  failure_threshold: number
  /** Of `failures` and `sampling`: how long a call counts. */
  window_ms: number
  /** Of `count` and `sampling`: the share of failures that opens it. */
  failure_rate: number
  /** Of `count` and `sampling`: with fewer calls it does not open. */
  minimum_calls: number
  /** Of `count`: so many calls count. */
  window_calls: number
  /** A call that takes longer is slow; absent: none is. */
  slow_call_ms?: number
  /** Of `count` and `sampling`: the share of slow calls that opens it. In the others a slow call is a failure. */
  slow_call_rate: number
  on: CountedClass[]
  /** How long it stays open; less when the server said so. */
  cooldown_ms: number
  /** Calls that may be on their way at once while it is half-open. */
  half_open_probes: number
  /** So many of them must succeed before it closes. */
  success_threshold: number
  /** Over so long its share of calls grows to all of them again, where others can answer the rest. */
  ramp_ms: number
}

export const defaultBreaker: BreakerPolicy = {
  criterion: 'failures',
  failure_threshold: 5,
  window_ms: 60_000,
  failure_rate: 0.5,
  minimum_calls: 10,
  window_calls: 20,
  slow_call_rate: 0.5,
  on: ['timeout', 'network', 'server', 'resource_exhausted'],
  cooldown_ms: 60_000,
  half_open_probes: 1,
  success_threshold: 1,
  ramp_ms: 30_000,
}

export type BreakerState = 'closed' | 'open' | 'half_open'

/** What happened to calls, as a breaker keeps count of it: classes of failure, and answers that took too long. */
export const troubles = [...countedClasses, 'rate_limited', 'slow'] as const
export type Trouble = (typeof troubles)[number]
