/** What a call of a candidate will cost and take, as far as that is known before it is made. */
import type { JsonObject } from '../../std/json.ts'
import type { Candidate } from '../../targets/target.ts'
import { type ArmRecord, meanOf } from './statistics.ts'

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
 * of all its calls for this agent; before there are any, what its price makes of the input. What other agents paid is
 * asked last, for they may ask for something much shorter or longer: beside candidates that are new it would mislead.
 */
export async function predict(
  candidate: Candidate,
  input: JsonObject,
  known: { alike: ArmRecord; agent: ArmRecord; anywhere: ArmRecord },
  prices: Prices,
): Promise<Prediction> {
  const latency_ms = known.anywhere.derived.ema.latency_ms
  const own = [known.alike.sums.cost, known.agent.sums.cost]
  const best = own.find(({ n }) => n >= enough) ?? own.find(({ n }) => n > 0)
  const cost_usd =
    (best ? meanOf(best) : null) ??
    (await prices.expected(candidate, input, latency_ms)) ??
    meanOf(known.anywhere.sums.cost)
  return { cost_usd, latency_ms }
}
