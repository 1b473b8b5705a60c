/** Limits of how fast and how much at once is called. */

/** A token bucket: at most `burst + per_minute · W` in any window of W minutes (ruling 47). */
export interface RateLimit {
  per_minute: number
  burst: number
}

/** What one agent's calls keep to, whatever run they belong to. */
export interface AgentLimits {
  /** Calls that begin in a minute. */
  rate?: RateLimit
  /** Calls under way. */
  max_concurrency?: number
}

/** At most so many in any minute: some at once, a tenth by default, and the rest over the minute. */
export function rateLimitOf(perMinute: number, burst: number = Math.max(1, Math.floor(perMinute / 10))): RateLimit {
  return { per_minute: perMinute - burst, burst }
}

/** Creates that Replicate allows in a minute (ruling 18). */
export const replicateCreates = 600
