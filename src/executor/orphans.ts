/** Calls of a hedge that were in flight when their process ended, beside the one that is taken up. */
import { CancelledError, toErrorData } from '../domain/errors.ts'
import type { PriorCalls } from './contract.ts'
import type { Work } from './work.ts'

type Orphans = NonNullable<PriorCalls['orphans']>

/** They were made: each counts as an attempt, and where calls have a price, nobody knows what it came to. */
export async function settleOrphans({ spec, context, ledger }: Work, orphans: Orphans): Promise<void> {
  const error = toErrorData(new CancelledError('its process ended while it was made', { code: 'interrupted' }))
  for (const { call, candidate } of orphans) {
    const cost_usd = spec.chain[candidate]?.price ? null : 0
    ledger.attempted(call, cost_usd)
    await context.record({ type: 'call.settled', call, status: 'cancelled', error, latency_ms: 0, cost_usd })
  }
}

export function orphansOf({ orphans = [] }: PriorCalls, position: number): number {
  return orphans.filter(({ candidate }) => candidate === position).length
}
