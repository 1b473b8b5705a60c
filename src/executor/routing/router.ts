/**
 * Which candidate of a chain is tried next, and what its calls teach. The chain falls into groups, one for each agent
 * (ruling 46): the agent's strategy chooses within the first group that still has candidates; then comes the next.
 */
import { NonRetryableError, type ReplicateAgentError } from '../../domain/errors.ts'
import {
  defaultRouting,
  type RoutingDecision,
  type RoutingPolicy,
  type WeighedCandidate,
} from '../../domain/routing.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Random } from '../../std/random.ts'
import type { Candidate } from '../../targets/target.ts'
import type { CallLabels, CallSpec, RoutePolicy } from '../contract.ts'
import { armKey, hasVersions, kinOf, nameOf } from './arm-key.ts'
import { contextKey } from './context-key.ts'
import { observedQuality } from './observed-quality.ts'
import { predict } from './predict.ts'
import { type Known, qualify } from './qos.ts'
import type { RouterState } from './state.ts'
import type { Observation } from './statistics.ts'
import type { Arm, Strategy } from './strategy.ts'

export interface RouterParts {
  state: RouterState
  strategyOf(name: RoutingPolicy['strategy']): Strategy
  random: Random
  gate?: Gate
}

/** What keeps calls from a candidate for now: its circuit breaker. */
export interface Gate {
  isOpen(candidate: Candidate): boolean
}

/** What a choice may be based on. */
export interface RouteRequest {
  spec: Pick<CallSpec, 'chain' | 'input' | 'routes'>
  /** Positions of one group that may still be tried, in the chain's order. Never empty. */
  open: readonly number[]
  labels: CallLabels
  /** The number that the call will have. */
  call: number
  versionOf(model: string): string | undefined
  /** What a call typically costs, by its price and its input, dollars; null: nobody knows. */
  expected(candidate: Candidate, input: JsonObject, latency_ms: number | null): Promise<number | null>
}

export type Route =
  | {
      position: number
      /** No other candidate of its group is left that could come after it. */
      alone: boolean
      /** Absent: there was nothing to decide. */
      decision?: RoutingDecision
      /** It counts as in flight until this is called. */
      ended(): void
    }
  /** None of the group may be called. */
  | { refused: ReplicateAgentError }

/** What calls of a candidate teach, and where to. */
export interface Pupil {
  agent: string
  candidate: Candidate
  context: string
  policy: RoutingPolicy
}

export interface Router {
  route(request: RouteRequest): Route | Promise<Route>
  pupil(spec: RouteRequest['spec'], position: number, labels: CallLabels): Pupil
  /** Counts a call that needs no choice (it is taken up) as in flight, until the function given back is called. */
  begin(candidate: Candidate): () => void
  /** Resolves when it is kept. `version`: what really answered, where known. */
  learn(pupil: Pupil, version: string | undefined, observation: Observation): Promise<void>
}

export function createRouter({ state, strategyOf, random, gate }: RouterParts): Router {
  const pending = new Map<string, number>()
  const turns = new Map<string, number>()

  function begin(candidate: Candidate): () => void {
    const key = flightKey(candidate)
    pending.set(key, (pending.get(key) ?? 0) + 1)
    return () => pending.set(key, (pending.get(key) ?? 1) - 1)
  }

  /** Calls of the agent decided before: those that were learned from, and those of this process. */
  function turnOf(agent: string): number {
    const statistics = state.statistics(agent)
    const turn = turns.get(agent) ?? state.arms(agent).reduce((sum, arm) => sum + statistics.of(arm).sums.calls, 0)
    turns.set(agent, turn + 1)
    return turn
  }

  async function weigh(request: RouteRequest, policy: RoutePolicy, context: string): Promise<Weighed[]> {
    const { spec, open } = request
    return Promise.all(
      open.map(async (position): Promise<Weighed> => {
        const candidate = spec.chain[position] as Candidate
        const key = armOf(candidate, request, state)
        const statistics = state.statistics(candidate.name)
        const [agent, alike, anywhere] = [statistics.of(key), statistics.of(key, context), state.anywhere(key)]
        const input = { ...candidate.defaults, ...spec.input }
        const prediction = await predict(candidate, input, { agent, alike, anywhere }, request)
        const arm: Arm = { ...prediction, candidate: position, key, pending: 0 }
        const prior = agent.sums.calls === 0 ? priorOf(key, candidate, policy.routing) : undefined
        if (prior) arm.prior = prior
        const known: Known = {
          ...prediction,
          calls: agent.sums.calls,
          quality: observedQuality(agent),
          timed: anywhere.sums.latency.n,
          broken: gate?.isOpen(candidate) ?? false,
        }
        return { arm, known }
      }),
    )
  }

  /** A new version of a model is believed to be what the older ones were, but less surely. */
  function priorOf(key: string, candidate: Candidate, { prior_strength }: RoutingPolicy): Arm['prior'] {
    if (candidate.target !== 'replicate') return undefined
    const agent = candidate.name
    const statistics = state.statistics(agent)
    let sum = 0
    let count = 0
    for (const kin of kinOf(key, state.arms(agent))) {
      const { mean, observations } = observedQuality(statistics.of(kin))
      sum += (mean ?? 0) * observations
      count += observations
    }
    return count === 0 ? undefined : { quality: sum / count, strength: Math.min(prior_strength, count) }
  }

  async function decide(request: RouteRequest, policy: RoutePolicy): Promise<Route> {
    const { spec, open, labels } = request
    const agent = agentOf(spec, open)
    const { exploration_share } = policy.routing
    const context = contextKey(policy.routing, labels, spec.input)
    const weighed = await weigh(request, policy, context)
    // From here on nothing is waited for: choices made at the same time see each other.
    for (const { arm } of weighed) arm.pending = pending.get(flightKey(spec.chain[arm.candidate] as Candidate)) ?? 0
    const verdicts = qualify(
      policy.qos,
      weighed.map(({ known }) => known),
      () => random() < exploration_share,
    )
    const left = weighed.filter((_, at) => verdicts[at]?.removed_by === undefined).map(({ arm }) => arm)
    const candidates = weighed.map((each, at): WeighedCandidate => ({ ...described(each), ...verdicts[at] }))
    if (left.length === 0) return { refused: noCandidate(agent, candidates) }
    if (open.length === 1) return only(spec, open)
    const referenced = withReferences(state, agent, policy.routing, left)
    const strategy = strategyOf(referenced.strategy)
    const pick = { key: context, policy: referenced, turn: turnOf(agent) }
    const statistics = state.statistics(agent)
    const { chosen, scores } = strategy.pick(left, statistics, pick, random)
    const propensities = strategy.propensities(left, statistics, pick, random)
    left.forEach(({ candidate }, at) => {
      const one = candidates.find((each) => each.candidate === candidate) as WeighedCandidate
      const score = scores[at] as number
      // An arm that was never tried may come before all others, which is no number in JSON.
      if (Number.isFinite(score)) one.score = score
      one.propensity = propensities[at] as number
    })
    const position = (left[chosen] as Arm).candidate
    const { strategy: name } = policy.routing
    const decision = { id: decisionId(request), agent, strategy: name, context, chosen: position, candidates }
    return { position, alone: left.length === 1, decision, ended: begin(spec.chain[position] as Candidate) }
  }

  function only({ chain }: RouteRequest['spec'], [position = 0]: readonly number[]): Route {
    return { position, alone: true, ended: begin(chain[position] as Candidate) }
  }

  return {
    route(request) {
      const { spec, open } = request
      const policy = policyOf(spec, agentOf(spec, open))
      // One without a condition needs nothing weighed.
      const isOpen = gate?.isOpen(spec.chain[open[0] as number] as Candidate) ?? false
      if (open.length === 1 && !policy.qos && !isOpen) return only(spec, open)
      return decide(request, policy)
    },
    pupil(spec, position, labels) {
      const candidate = spec.chain[position] as Candidate
      const { routing: policy } = policyOf(spec, candidate.name)
      return { agent: candidate.name, candidate, policy, context: contextKey(policy, labels, spec.input) }
    },
    begin,
    learn({ agent, candidate, context, policy }, version, observation) {
      state.observe(agent, armKey(candidate, version), context, observation, policy)
      return state.flushed()
    },
  }
}

interface Weighed {
  arm: Arm
  known: Known
}

const usual: RoutePolicy = { routing: defaultRouting }

function policyOf({ routes }: Pick<CallSpec, 'routes'>, agent: string): RoutePolicy {
  return routes?.get(agent) ?? usual
}

function agentOf({ chain }: RouteRequest['spec'], open: readonly number[]): string {
  return (chain[open[0] as number] as Candidate).name
}

function flightKey({ name, model }: Candidate): string {
  return `${name} ${model}`
}

/** With the version that the run has fixed, else the one that was seen last. */
function armOf(candidate: Candidate, { versionOf }: RouteRequest, state: RouterState): string {
  const key = armKey(candidate, versionOf(candidate.model))
  if (key !== candidate.model || !hasVersions(candidate)) return key
  return state.arms(candidate.name).findLast((arm) => nameOf(arm) === key) ?? key
}

function described({ arm, known }: Weighed): WeighedCandidate {
  const { candidate, key: model, cost_usd, latency_ms, pending } = arm
  const { observations, mean: quality } = known.quality
  return { candidate, model, observations, quality, cost_usd, latency_ms, pending }
}

/** `run/step[index]#round/call` */
function decisionId({ labels, call }: RouteRequest): string {
  const { run_id, step, index, round } = labels
  const at = `${index === undefined ? '' : `[${index}]`}${round === undefined ? '' : `#${round}`}`
  return `${run_id}/${step}${at}/${call}`
}

function noCandidate(agent: string, candidates: readonly WeighedCandidate[]): ReplicateAgentError {
  const why = candidates.map(({ model, removed_by }) => `${model}: ${removed_by}`)
  return new NonRetryableError('no_candidate', `no candidate of "${agent}" may be called: ${why.join('; ')}`, {
    hint: 'loosen what is named in its `qos`, add a candidate, or give it a `fallback`',
    details: { removed: candidates.map(({ model, removed_by = '' }) => ({ model, removed_by })) },
  })
}

/**
 * The policy with the references that it leaves open: the greatest predicted cost among the candidates; the median of
 * their latencies, once each has one. Fixed at first use, for utilities that are measured by what moves can't be compared.
 */
function withReferences(state: RouterState, agent: string, policy: RoutingPolicy, arms: readonly Arm[]): RoutingPolicy {
  const cost_ref_usd =
    policy.cost_ref_usd ?? state.reference(agent, 'cost_ref_usd') ?? frozen('cost_ref_usd', dearest(arms))
  const latency_slo_ms =
    policy.latency_slo_ms ?? state.reference(agent, 'latency_slo_ms') ?? frozen('latency_slo_ms', median(arms))
  return {
    ...policy,
    ...(cost_ref_usd !== undefined && { cost_ref_usd }),
    ...(latency_slo_ms !== undefined && { latency_slo_ms }),
  }

  function frozen(name: 'cost_ref_usd' | 'latency_slo_ms', value: number | undefined): number | undefined {
    if (value !== undefined) state.freeze(agent, name, value)
    return value
  }
}

function dearest(arms: readonly Arm[]): number | undefined {
  const most = Math.max(0, ...arms.map(({ cost_usd }) => cost_usd ?? 0))
  return most > 0 ? most : undefined
}

function median(arms: readonly Arm[]): number | undefined {
  const known = arms.flatMap(({ latency_ms }) => latency_ms ?? []).toSorted((a, b) => a - b)
  if (known.length < arms.length) return undefined
  const middle = known.length / 2
  return ((known[Math.floor(middle)] as number) + (known[Math.ceil(middle) - 1] as number)) / 2 || undefined
}
