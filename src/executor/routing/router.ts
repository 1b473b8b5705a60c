/**
 * Which candidate of a chain is tried next, and what its calls teach. The chain falls into groups, one for each agent
 * (ruling 46): the agent's strategy chooses within the first group that still has candidates; then comes the next.
 */
import type { ReplicateAgentError } from '../../domain/errors.ts'
import type { RoutingDecision, RoutingPolicy } from '../../domain/routing.ts'
import type { Candidate } from '../../targets/target.ts'
import type { CallLabels } from '../contract.ts'
import { armKey } from './arm-key.ts'
import { callId } from './call-id.ts'
import { agentOf, consider, type Gate, policyOf, type RouteRequest } from './consider.ts'
import { contextKey } from './context-key.ts'
import { decide, type DecideParts } from './decide.ts'
import type { Reference } from './state.ts'
import type { Observation } from './statistics.ts'

export interface RouterParts extends DecideParts {
  gate?: Gate
  /** In a replay: which of these candidates was called then, as an index; undefined: nobody knows. */
  replayed?(labels: CallLabels, candidates: readonly Candidate[]): Promise<number | undefined>
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
  labels: CallLabels
}

export interface Router {
  route(request: RouteRequest): Route | Promise<Route>
  /** `context`: that of the decision that led there, where there was one. */
  pupil(spec: RouteRequest['spec'], position: number, labels: CallLabels, context?: string): Pupil
  /** Counts a call that needs no choice (it is taken up) as in flight, until the function given back is called. */
  begin(candidate: Candidate): () => void
  /** Resolves when it is kept; a call teaches once. `version`: what really answered, where known. */
  learn(pupil: Pupil, call: number, version: string | undefined, observation: Observation): Promise<void>
}

export function createRouter(parts: RouterParts): Router {
  const { state, gate } = parts
  const pending = new Map<string, number>()
  const turns = new Map<string, number>()

  function begin(candidate: Candidate): () => void {
    const key = flightKey(candidate)
    pending.set(key, (pending.get(key) ?? 0) + 1)
    return () => pending.set(key, (pending.get(key) ?? 1) - 1)
  }

  function only({ chain }: RouteRequest['spec'], [position = 0]: readonly number[]): Route {
    return { position, alone: true, ended: begin(chain[position] as Candidate) }
  }

  async function choose(request: RouteRequest): Promise<Route> {
    const { spec, open, labels, call } = request
    const considered = await consider(state, gate, request)
    const before = await parts.replayed?.(
      labels,
      considered.candidates.map(({ candidate }) => candidate),
    )
    // From here on nothing is waited for: choices made at the same time see each other.
    for (const { arm, candidate } of considered.candidates) arm.pending = pending.get(flightKey(candidate)) ?? 0
    const { agent } = considered
    const turn = turns.get(agent) ?? state.turn(agent)
    const decided = decide(parts, considered, turn)
    if ('refused' in decided) return { refused: decided.refused }
    if (open.length === 1) return only(spec, open)
    turns.set(agent, turn + 1)
    for (const [name, value] of Object.entries(decided.found)) state.freeze(agent, name as Reference, value)
    const position = before === undefined ? decided.decision.chosen : (open[before] as number)
    return {
      position,
      alone: decided.choices === 1,
      decision: { id: callId(labels, call), ...decided.decision, chosen: position },
      ended: begin(spec.chain[position] as Candidate),
    }
  }

  return {
    route(request) {
      const { spec, open } = request
      const isFree = open.length === 1 && !policyOf(spec, agentOf(spec, open)).qos
      // One without a condition needs nothing weighed.
      return isFree && gate?.refusal(spec.chain[open[0] as number] as Candidate) === undefined
        ? only(spec, open)
        : choose(request)
    },
    pupil(spec, position, labels, decided) {
      const candidate = spec.chain[position] as Candidate
      const { routing: policy } = policyOf(spec, candidate.name)
      const context = decided ?? contextKey(policy, labels, spec.input)
      return { agent: candidate.name, candidate, policy, labels, context }
    },
    begin,
    learn({ agent, candidate, context, policy, labels }, call, version, observation) {
      state.observe(agent, armKey(candidate, version), context, observation, policy, callId(labels, call))
      return state.flushed()
    },
  }
}

function flightKey({ name, model }: Candidate): string {
  return `${name} ${model}`
}
