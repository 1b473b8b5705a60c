/** A decision: which of the candidates passes its quality of service, and which of those the strategy takes. */
import { CircuitOpenError, NonRetryableError, type ReplicateAgentError } from '../../domain/errors.ts'
import type { RoutingDecision, RoutingPolicy, WeighedCandidate } from '../../domain/routing.ts'
import type { Random } from '../../std/random.ts'
import { type Considered, weighed } from './consider.ts'
import { qualify } from './qos.ts'
import type { Reference, RouterState } from './state.ts'
import type { Arm, PickContext, Strategy } from './strategy.ts'

export interface Decided {
  decision: Omit<RoutingDecision, 'id'>
  /** How many candidates the strategy could choose among. */
  choices: number
  /** With every reference that is known. */
  policy: RoutingPolicy
  /** References that were found out here, to be fixed. */
  found: Partial<Record<Reference, number>>
}

export interface DecideParts {
  state: RouterState
  strategyOf(name: RoutingPolicy['strategy']): Strategy
  random: Random
}

/** Changes nothing but the randomness. `turn`: calls of the agent that were decided before. */
export function decide(
  { state, strategyOf, random }: DecideParts,
  { agent, policy: { routing, qos }, context, candidates }: Considered,
  turn: number,
): Decided | { refused: ReplicateAgentError; candidates: WeighedCandidate[] } {
  const verdicts = qualify(
    qos,
    candidates.map(({ known }) => known),
    () => random() < routing.exploration_share,
  )
  const shown = candidates.map((each, at): WeighedCandidate => ({ ...weighed(each), ...verdicts[at] }))
  const left = candidates.filter((_, at) => verdicts[at]?.removed_by === undefined).map(({ arm }) => arm)
  if (left.length === 0) return { refused: noCandidate(agent, candidates, shown), candidates: shown }
  const fixed = known(state, agent, routing)
  const found = referencesOf(fixed, left)
  const policy = { ...routing, ...fixed, ...found }
  const { chosen, shares } = choose({ state, strategyOf, random }, left, agent, { key: context, policy, turn })
  for (const one of shown) Object.assign(one, shares.get(one.candidate))
  const decision = { agent, strategy: routing.strategy, context, chosen, candidates: shown }
  return { decision, choices: left.length, policy, found }
}

type Share = Pick<WeighedCandidate, 'score' | 'propensity'>

function choose(
  { state, strategyOf, random }: DecideParts,
  arms: readonly Arm[],
  agent: string,
  context: PickContext,
): { chosen: number; shares: Map<number, Share> } {
  const [only] = arms as [Arm]
  if (arms.length === 1) return { chosen: only.candidate, shares: new Map([[only.candidate, { propensity: 1 }]]) }
  const strategy = strategyOf(context.policy.strategy)
  const statistics = state.statistics(agent)
  const { chosen, scores } = strategy.pick(arms, statistics, context, random)
  const chances = strategy.propensities(arms, statistics, context, random)
  const shares = arms.map(({ candidate }, at): [number, Share] => {
    const [score, propensity] = [scores[at] as number, chances[at] as number]
    // An arm that was never tried may come before all others, which is no number in JSON.
    return [candidate, Number.isFinite(score) ? { score, propensity } : { propensity }]
  })
  return { chosen: (arms[chosen] as Arm).candidate, shares: new Map(shares) }
}

function noCandidate(agent: string, candidates: Considered['candidates'], shown: readonly WeighedCandidate[]) {
  const removed = shown.map(({ model, removed_by = '' }) => ({ model, removed_by }))
  const why = removed.map(({ model, removed_by }) => `${model}: ${removed_by}`)
  const message = `no candidate of "${agent}" may be called: ${why.join('; ')}`
  if (candidates.every(({ known }) => known.barred !== undefined))
    return new CircuitOpenError(message, { hint: circuitHint, details: { removed } })
  return new NonRetryableError('no_candidate', message, {
    hint: 'loosen what is named in its `qos`, add a candidate, or give it a `fallback`',
    details: { removed },
  })
}

/** What helps when nothing is called for now. */
const circuitHint = 'give its agent a `fallback`, or wait: `breakers list` shows for how long'

function known(state: RouterState, agent: string, policy: RoutingPolicy): Partial<Record<Reference, number>> {
  const references: Partial<Record<Reference, number>> = {}
  for (const name of ['cost_ref_usd', 'latency_slo_ms'] as const) {
    const value = policy[name] ?? state.reference(agent, name)
    if (value !== undefined) references[name] = value
  }
  return references
}

/**
 * References that the policy leaves open and nobody has fixed yet: the greatest predicted cost among the candidates; the
 * median of their latencies, once each has one. What is measured by something that moves can't be compared.
 */
function referencesOf(
  fixed: Partial<Record<Reference, number>>,
  arms: readonly Arm[],
): Partial<Record<Reference, number>> {
  const found: Partial<Record<Reference, number>> = {}
  if (fixed.cost_ref_usd === undefined) {
    const dearest = Math.max(0, ...arms.map(({ cost_usd }) => cost_usd ?? 0))
    if (dearest > 0) found.cost_ref_usd = dearest
  }
  if (fixed.latency_slo_ms === undefined && arms.every(({ latency_ms }) => latency_ms !== null)) {
    const middle = median(arms.flatMap(({ latency_ms }) => latency_ms ?? []))
    if (middle > 0) found.latency_slo_ms = middle
  }
  return found
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle) - 1] ?? 0)) / 2
}
