/** Client-side limits: as written → as the executor keeps them. */
import { checkBurst } from '../documents/agent/limits.ts'
import type { Report } from '../documents/loading.ts'
import { type RateLimit, rateLimitOf, replicateCreates } from '../domain/rate-limit.ts'
import type { ConfigSpec } from './schema.ts'

type LimitsSpec = NonNullable<ConfigSpec['limits']>

export function replicateLimit({ replicate }: LimitsSpec): RateLimit {
  const { creates_per_minute: rate = replicateCreates, burst } = replicate ?? {}
  return burst !== undefined && burst < rate ? rateLimitOf(rate, burst) : rateLimitOf(rate)
}

export function checkLimits({ replicate }: LimitsSpec, report: Report): void {
  const { creates_per_minute: rate = replicateCreates, burst } = replicate ?? {}
  checkBurst({ rate, burst }, 'creates_per_minute', ['limits', 'replicate'], report)
}
