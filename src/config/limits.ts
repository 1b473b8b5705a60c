/** Limits that the configuration sets: as written → as the executor keeps them. */
import { normaliseBulkhead } from '../documents/agent/bulkhead-spec.ts'
import { amountLimits, callLimits, checkBurst, fittingLimit } from '../documents/agent/limits.ts'
import type { Report } from '../documents/loading.ts'
import {
  type Bulkhead,
  type CallLimits,
  type RateLimit,
  rateLimitOf,
  replicateCreates,
  replicateRequests,
} from '../domain/rate-limit.ts'
import { defined } from '../std/defined.ts'
import type { ConfigSpec } from './schema.ts'

type LimitsSpec = NonNullable<ConfigSpec['limits']>

export type HeldLimits = CallLimits & { bulkhead?: Bulkhead }

export interface ConfiguredLimits {
  /** `requests`: those that create nothing. */
  replicate: HeldLimits & { requests?: RateLimit }
  models: Record<string, HeldLimits>
}

/** What is written alone; where Replicate's own limits hold, they fill in what nobody wrote. */
export function configuredLimits({ replicate = {}, models = {} }: LimitsSpec, isReal: boolean): ConfiguredLimits {
  const { creates_per_minute, burst, requests_per_minute, bulkhead, ...amounts } = replicate
  const creates = creates_per_minute ?? (isReal || burst !== undefined ? replicateCreates : undefined)
  const requests = requests_per_minute ?? (isReal ? replicateRequests : undefined)
  return {
    replicate: {
      ...defined({
        rate: creates === undefined ? undefined : fittingLimit(creates, burst),
        requests: requests === undefined ? undefined : rateLimitOf(requests),
        bulkhead: bulkhead && normaliseBulkhead(bulkhead),
      }),
      ...amountLimits(amounts),
    },
    models: Object.fromEntries(
      Object.entries(models).map(([name, { bulkhead: own, ...calls }]) => [
        name,
        { ...callLimits(calls), ...(own && { bulkhead: normaliseBulkhead(own) }) },
      ]),
    ),
  }
}

export function checkLimits({ replicate, models = {} }: LimitsSpec, report: Report): void {
  const { creates_per_minute: rate = replicateCreates, burst } = replicate ?? {}
  checkBurst({ rate, burst }, 'creates_per_minute', ['limits', 'replicate'], report)
  for (const [name, { requests_per_minute, burst: own }] of Object.entries(models)) {
    const path = ['limits', 'models', name]
    checkBurst({ rate: requests_per_minute, burst: own }, 'requests_per_minute', path, report)
  }
}
