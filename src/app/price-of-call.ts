/** What a call is likely to cost and take, and what it may cost at most. */
import type { Candidate } from '../executor/contract.ts'
import type { JsonObject } from '../std/json.ts'
import type { App, World } from './app.ts'
import { meansOfModels } from './means-of-models.ts'

export interface CallPrice {
  /** Dollars; null: unknown. */
  estimate_usd: number | null
  /** `price`: what the price makes of this input; `learned`: the mean of earlier calls; `limit`: the most it can be. */
  basis?: 'learned' | 'price' | 'limit'
  /** Of earlier calls, whatever their input was; null: not known. */
  mean_usd: number | null
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
    const known = { mean_usd: before.usd, estimate_ms: before.ms === null ? null : Math.round(before.ms) }
    if (candidate.target !== 'replicate') {
      const usd = candidate.price?.usd_per_call ?? 0
      return { estimate_usd: usd, basis: 'price', most_usd: usd, ...known }
    }
    const rates = prices.find(candidate)?.rates
    const most_usd = mostCost(rates, input, timeout_ms)
    // Time and answers are known only after the call; all else is in the input.
    const isExact = most_usd !== null && !rates?.usd_per_second && !rates?.usd_per_output_token
    if (isExact) return { estimate_usd: most_usd, basis: 'price', most_usd, ...known }
    if (before.usd !== null) return { estimate_usd: before.usd, basis: 'learned', most_usd, ...known }
    return { estimate_usd: most_usd, ...(most_usd !== null && { basis: 'limit' }), most_usd, ...known }
  }
}
