/** What a call is likely to cost and take, and what it may cost at most. */
import type { Candidate } from '../executor/contract.ts'
import type { JsonObject } from '../std/json.ts'
import type { App, World } from './app.ts'
import { meansOfModels } from './means-of-models.ts'

export interface CallPrice {
  /** Dollars; null: unknown. */
  estimate_usd: number | null
  /** `learned`: the mean of earlier calls; `price`: what the price makes of this input; `limit`: the most it can be. */
  basis?: 'learned' | 'price' | 'limit'
  /** What a budget sets aside for it; null: unknown. */
  most_usd: number | null
  estimate_ms: number | null
}

type Estimator = (candidate: Candidate, input: JsonObject, timeout_ms: number | undefined) => CallPrice

/** Reads what is known once; then asks nobody. */
export async function priceOfCall(app: App, world: World): Promise<Estimator> {
  const meansOf = await meansOfModels(app, world)
  const prices = await app.prices()
  const { mostCost } = await import('../targets/replicate/cost.ts')
  return (candidate, input, timeout_ms) => {
    const before = meansOf(candidate.model)
    const estimate_ms = before.ms === null ? null : Math.round(before.ms)
    if (candidate.target !== 'replicate') {
      const usd = candidate.price?.usd_per_call ?? 0
      return { estimate_usd: usd, basis: 'price', most_usd: usd, estimate_ms }
    }
    const rates = prices.find(candidate)?.rates
    const most_usd = mostCost(rates, input, timeout_ms)
    if (before.usd !== null) return { estimate_usd: before.usd, basis: 'learned', most_usd, estimate_ms }
    if (most_usd === null) return { estimate_usd: null, most_usd, estimate_ms }
    // Time and answers are known only after the call; all else is in the input.
    const isExact = !rates?.usd_per_second && !rates?.usd_per_output_token
    return { estimate_usd: most_usd, basis: isExact ? 'price' : 'limit', most_usd, estimate_ms }
  }
}
