/** Client-side limits: as written → as the executor keeps them. */
import type { Report } from '../documents/loading.ts'
import type { ConfigSpec } from './schema.ts'

/** A token bucket. */
export interface KeptLimit {
  per_minute: number
  burst: number
}

type LimitsSpec = NonNullable<ConfigSpec['limits']>

/** Replicate's own (ruling 18). */
const defaultCreates = 600

/** So many in any minute: what may go at once, and the rest over the minute (ruling 47). */
function bucketOf(perMinute: number, burst: number = Math.max(1, Math.floor(perMinute / 10))): KeptLimit {
  return { per_minute: perMinute - burst, burst }
}

export function replicateLimit({ replicate }: LimitsSpec): KeptLimit {
  return bucketOf(replicate?.creates_per_minute ?? defaultCreates, replicate?.burst)
}

export function checkLimits({ replicate }: LimitsSpec, report: Report): void {
  const { creates_per_minute: creates = defaultCreates, burst } = replicate ?? {}
  if (burst === undefined || burst < creates) return
  report(['limits', 'replicate', 'burst'], {
    code: 'contradiction',
    message: `\`burst\` (${burst}) must be less than \`creates_per_minute\` (${creates}), of which it is a part`,
  })
}
