/** What a call of a candidate will cost and take, as far as that is known before it is made. */
import type { JsonObject } from '../../std/json.ts'
import type { Candidate } from '../../targets/target.ts'
import type { ArmRecord } from './statistics.ts'

export interface Prices {
  /** What a call typically costs, by its price and its input, dollars; null: nobody knows. */
  expected(candidate: Candidate, input: JsonObject, latency_ms: number | null): Promise<number | null>
}

export interface Prediction {
  /** null: unknown. */
  cost_usd: number | null
  latency_ms: number | null
}

/** So many calls of the same kind say more about their cost than all calls of the model do. */
const enough = 3

/**
 * Latency: the moving average of the model's calls, whoever made them. Cost: the mean of its calls that were alike, else
 * of all its calls; before there are any, what its price makes of the input.
 */
export async function predict(
  candidate: Candidate,
  input: JsonObject,
  known: { alike: ArmRecord; agent: ArmRecord; anywhere: ArmRecord },
  prices: Prices,
): Promise<Prediction> {
  const latency_ms = known.anywhere.derived.ema.latency_ms
  const costs = [known.alike.sums.cost, known.agent.sums.cost, known.anywhere.sums.cost]
  const best = costs.find(({ n }) => n >= enough) ?? costs.find(({ n }) => n > 0)
  const cost_usd = best ? best.sum / best.n : await prices.expected(candidate, input, latency_ms)
  return { cost_usd, latency_ms }
}
