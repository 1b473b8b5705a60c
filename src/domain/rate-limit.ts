/** Limits of how fast and how much at once is called. */
import type { JsonObject } from '../std/json.ts'

/** A token bucket: at most `burst + per_minute · W` in any window of W minutes (ruling 47). */
export interface RateLimit {
  per_minute: number
  burst: number
}

/** What calls of something keep to, whatever run or process they belong to. */
export interface CallLimits {
  /** Calls that begin in a minute. */
  rate?: RateLimit
  /** Tokens that go in and come out in a minute. */
  tokens?: RateLimit
  /** Dollars in a minute. */
  usd?: RateLimit
}

/** How many calls of something are under way at once, and what becomes of those that have to wait. */
export interface Bulkhead {
  max_concurrent: number
  /** So many calls of a process wait; a further one fails. Absent: all of them wait. */
  max_queue?: number
  /** A call that waited so long fails. Absent: it waits until its own time is up. */
  queue_timeout_ms?: number
}

/** At most so many in any minute: some at once, a tenth by default, and the rest over the minute. */
export function rateLimitOf(perMinute: number, burst: number = Math.max(1, Math.floor(perMinute / 10))): RateLimit {
  return { per_minute: perMinute - burst, burst }
}

/** Of an amount that has fractions. */
export function dollarLimitOf(perMinute: number): RateLimit {
  return { per_minute: perMinute * 0.9, burst: perMinute * 0.1 }
}

/** As it was asked for: so much at most in any minute. */
export function perMinuteOf({ per_minute, burst }: RateLimit): number {
  return Math.round((per_minute + burst) * 1e9) / 1e9
}

/** What the details of a 429 say that is let through in a minute: less than usual, when credit is low. */
export function allowedIn(details: JsonObject | undefined): number | undefined {
  const allowed = details?.['allowed_per_minute']
  return typeof allowed === 'number' ? allowed : undefined
}

/** Creates that Replicate allows in a minute, and all its other requests (ruling 18). */
export const replicateCreates = 600
export const replicateRequests = 3_000
