/** The words of routing: which of an agent's candidates answers a call, what that was based on, and what came of it. */
import type { JsonObject } from '../std/json.ts'

/**
 * `learned` is the default; `order` takes candidates as they are written. The others are described with their formulas
 * in `executor/routing/strategies/` and in docs/routing.md.
 */
export const strategyNames = [
  'learned',
  'score',
  'ucb1',
  'thompson',
  'thompson_multi',
  'adaptive',
  'cheapest',
  'fastest',
  'round_robin',
  'cascade',
  'order',
] as const
export type StrategyName = (typeof strategyNames)[number]

/** What says how good an answer is. Without one, quality is success alone (ruling 41). */
export interface QualityPolicy {
  /** A bare expression over `input`, `output`, `model`, `cost_usd` and `latency_ms`: a number in [0, 1], or true or false. */
  expression?: string
  judge?: JudgePolicy
  /** A worse answer is a failure of quality: the next candidate is asked. A cascade takes the last answer as it is. */
  accept?: number
}

/** An agent that is asked what an answer is worth. */
export interface JudgePolicy {
  agent: string
  /** What it is sent: templates over the same names as `QualityPolicy.expression`. */
  input: JsonObject
  /** A bare expression over the judge's `output`. Absent: the output is a number in [0, 1], or begins with one. */
  score?: string
  /** The share of answers that it sees; a cascade shows it all of them. */
  sample: number
}

/** What makes calls alike: a label given by the user, the workflow's step, the bucket of the prompt's length. */
export const contextParts = ['task', 'step', 'length'] as const
export type ContextPart = (typeof contextParts)[number]

/** How an agent's candidates are chosen among; normalised, every key with its default (`defaultRouting`). */
export interface RoutingPolicy {
  strategy: StrategyName
  /** Of `score` and `thompson_multi` (ruling 40); they add up to anything. */
  weights: { cost: number; latency: number; quality: number }
  /** Of moving averages, in (0, 1]: what the newest observation counts. */
  ema_alpha: number
  /** Of `ucb1`: how much uncertainty counts. */
  ucb_alpha: number
  /** Of `adaptive`: calls of the agent before it changes from UCB1 to Thompson sampling. */
  explore_calls: number
  /** Of `learned`: λ, what a call that costs `cost_ref_usd` loses of its utility. */
  cost_weight: number
  /** Of `learned`: μ, what each latency_slo_ms beyond the first loses of its utility. */
  latency_weight: number
  /** Dollars. Absent: from the price catalogue, frozen at first use. */
  cost_ref_usd?: number
  /** Milliseconds. Absent: from what is known of the candidates, frozen at first use. */
  latency_slo_ms?: number
  /** Of `learned`: what makes calls alike. */
  context: ContextPart[]
  /** Of `learned`: how many observations the arm's global posterior is worth in a context that is new. */
  prior_strength: number
  /** γ: what older observations keep of their weight with each new one; 1 is for ever. */
  discount: number
  /** Of strategies that learn quality: an arm whose quality changed at once begins anew. */
  change_point: boolean
  /** The share of calls in which a model of fewer than three observations passes a quality of service (ruling 41). */
  exploration_share: number
  /** A label for what is asked, part of the context. */
  task?: string
  quality?: QualityPolicy
}

export const defaultRouting: RoutingPolicy = {
  strategy: 'learned',
  weights: { cost: 0.5, latency: 0.3, quality: 0.2 },
  ema_alpha: 0.3,
  ucb_alpha: Math.SQRT2,
  explore_calls: 20,
  cost_weight: 0.2,
  latency_weight: 0.1,
  context: ['task', 'step', 'length'],
  prior_strength: 5,
  discount: 1,
  change_point: true,
  exploration_share: 0.1,
}

export const qosTiers = ['FAST', 'BALANCED', 'QUALITY'] as const
export type QosTier = (typeof qosTiers)[number]

/** What a candidate must keep to before a strategy sees it. */
export interface QosPolicy {
  tier?: QosTier
  latency_cap_ms?: number
  cost_cap_usd?: number
  /** In [0, 1]. */
  quality_floor?: number
}

/** Where a score of an answer's quality came from; `assumed`: from success alone (ruling 41). */
type QualitySource = 'expression' | 'judge' | 'schema' | 'person' | 'assumed'

export interface QualityScore {
  /** In [0, 1]; null: it could not be had, and `problem` says why. */
  score: number | null
  by: QualitySource
  problem?: string
}

/** One candidate as a decision saw it. */
export interface WeighedCandidate {
  /** Position in the chain of the call. */
  candidate: number
  /** `owner/name`, with its version where it is known. */
  model: string
  /** Which requirement took it out, in words: `latency_cap_ms 2000 < 3120`. Absent: the strategy saw it. */
  removed_by?: string
  /** Let in though it is not known well enough for the quality of service. */
  exploring?: boolean
  /** Observations of quality, its mean (null: none yet), and the sample or index that decided. */
  observations: number
  quality: number | null
  score?: number
  /** Predictions before the call; null: unknown. */
  cost_usd: number | null
  latency_ms: number | null
  /** Calls of it in flight when it was weighed. */
  pending: number
  /** How probable the strategy was to choose it, given all this. */
  propensity?: number
}

/** Why a candidate was chosen: enough to explain it, and to judge another strategy by it later. */
export interface RoutingDecision {
  /** Where it was made: `run/step[index]#round/call`, after a retry of the run `run~2/…`. */
  id: string
  agent: string
  strategy: StrategyName
  /** Of what is alike: parts joined as `task=… step=… length=…`. */
  context: string
  /** Chosen, as a position in the chain. */
  chosen: number
  candidates: WeighedCandidate[]
}
