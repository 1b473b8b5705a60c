/** What is known of the candidates of one agent before a call: predictions, quality, and what older versions proved. */
import { defaultRouting, type RoutingPolicy, type WeighedCandidate } from '../../domain/routing.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Candidate } from '../../targets/target.ts'
import type { CallLabels, CallSpec, RoutePolicy } from '../contract.ts'
import { armKey, hasVersions, isOf, kinOf } from './arm-key.ts'
import { contextKey } from './context-key.ts'
import { observedQuality } from './observed-quality.ts'
import { predict } from './predict.ts'
import type { Known } from './qos.ts'
import type { RouterState } from './state.ts'
import type { Statistics } from './statistics.ts'
import type { Arm } from './strategy.ts'

/** What a choice may be based on. */
export interface RouteRequest {
  spec: Pick<CallSpec, 'chain' | 'input' | 'routes'>
  /** Positions of one group that may still be tried, in the chain's order. Never empty. */
  open: readonly number[]
  /** Of these, what is only called when nothing else is left; not all of them. */
  held?: ReadonlySet<number>
  labels: CallLabels
  /** The number that the call will have. */
  call: number
  versionOf(model: string): string | undefined
  /** What a call typically costs, by its price and its input, dollars; null: nobody knows. */
  expected(candidate: Candidate, input: JsonObject, latency_ms: number | null): Promise<number | null>
}

/** What keeps calls from a candidate for now: its circuit breaker. */
export interface Gate {
  /** Why it may not be called, in words; undefined: it may. */
  refusal(candidate: Candidate): string | undefined
}

export interface Considered {
  agent: string
  policy: RoutePolicy
  /** What makes calls alike. */
  context: string
  candidates: { candidate: Candidate; arm: Arm; known: Known }[]
}

export async function consider(state: RouterState, gate: Gate | undefined, request: RouteRequest): Promise<Considered> {
  const { spec, open, held, labels } = request
  const agent = agentOf(spec, open)
  const policy = policyOf(spec, agent)
  const context = contextKey(policy.routing, labels, spec.input)
  const statistics = state.statistics(agent)
  const seen = open.map((position) => {
    const candidate = spec.chain[position] as Candidate
    const key = armOf(candidate, request, state)
    const known = { agent: statistics.of(key), alike: statistics.of(key, context), anywhere: state.anywhere(key) }
    return { position, candidate, key, known, prediction: predict(candidate, spec.input, known, request) }
  })
  const candidates: Considered['candidates'] = []
  for (const { position, candidate, key, known, prediction } of seen) {
    const { cost_usd, latency_ms } = prediction instanceof Promise ? await prediction : prediction
    const arm: Arm = { candidate: position, key, cost_usd, latency_ms, pending: 0 }
    const prior = priorOf(state, statistics, key, candidate, policy.routing)
    if (prior) arm.prior = prior
    const { agent: own, anywhere } = known
    candidates.push({
      ...{ candidate, arm },
      known: {
        ...{
          cost_usd,
          latency_ms,
          quality: observedQuality(own),
          calls: own.sums.calls,
          timed: anywhere.sums.latency.n,
        },
        barred: gate?.refusal(candidate) ?? (held?.has(position) ? 'circuit breaker ramping up' : undefined),
      },
    })
  }
  return { agent, policy, context, candidates }
}

/** As a decision tells it. */
export function weighed({ arm, known }: Considered['candidates'][number]): WeighedCandidate {
  const { candidate, key: model, cost_usd, latency_ms, pending } = arm
  const { observations, mean: quality } = known.quality
  return { candidate, model, observations, quality, cost_usd, latency_ms, pending }
}

const usual: RoutePolicy = { routing: defaultRouting }

export function policyOf({ routes }: Pick<CallSpec, 'routes'>, agent: string): RoutePolicy {
  return routes?.get(agent) ?? usual
}

export function agentOf({ chain }: RouteRequest['spec'], open: readonly number[]): string {
  return (chain[open[0] as number] as Candidate).name
}

/** With the version that the run has fixed, else the one that was used last. */
function armOf(candidate: Candidate, { versionOf }: RouteRequest, state: RouterState): string {
  const key = armKey(candidate, versionOf(candidate.model))
  if (key !== candidate.model || !hasVersions(candidate)) return key
  return state.arms(candidate.name).findLast((arm) => isOf(arm, key)) ?? key
}

/** A new version of a model is believed to be what the older ones were, but less surely. */
function priorOf(
  state: RouterState,
  statistics: Statistics,
  key: string,
  candidate: Candidate,
  { prior_strength }: RoutingPolicy,
): Arm['prior'] {
  if (candidate.target !== 'replicate') return undefined
  let sum = 0
  let count = 0
  for (const kin of kinOf(key, state.arms(candidate.name))) {
    const { mean, observations } = observedQuality(statistics.of(kin))
    sum += (mean ?? 0) * observations
    count += observations
  }
  return count === 0 ? undefined : { quality: sum / count, strength: Math.min(prior_strength, count) }
}
