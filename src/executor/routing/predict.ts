/** What a call of a candidate will cost and take, as far as that is known before it is made. */
import type { JsonObject } from '../../std/json.ts'
import type { Candidate } from '../../targets/target.ts'
import { type ArmRecord, meanOf, type Moments } from './statistics.ts'

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
 * `input`: without the candidate's defaults.
 */
export function predict(
  candidate: Candidate,
  input: JsonObject,
  known: { alike: ArmRecord; agent: ArmRecord; anywhere: ArmRecord },
  prices: Prices,
): Prediction | Promise<Prediction> {
  const latency_ms = known.anywhere.derived.ema.latency_ms
  const own = bestOf(known.alike.sums.cost, known.agent.sums.cost)
  return own ? { cost_usd: meanOf(own), latency_ms } : priced(candidate, input, known.anywhere, prices, latency_ms)
}

function bestOf(alike: Moments, agent: Moments): Moments | undefined {
  if (alike.n >= enough) return alike
  if (agent.n >= enough) return agent
  return [alike, agent].find(({ n }) => n > 0)
}

async function priced(
  candidate: Candidate,
  input: JsonObject,
  anywhere: ArmRecord,
  prices: Prices,
  latency_ms: number | null,
): Promise<Prediction> {
  const usd = await prices.expected(candidate, { ...candidate.defaults, ...input }, latency_ms)
  return { cost_usd: usd ?? meanOf(anywhere.sums.cost), latency_ms }
}
