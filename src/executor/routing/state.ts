/** What a router remembers of its agents: statistics of their arms, and what was fixed at first use. */
import type { RoutingPolicy } from '../../domain/routing.ts'
import { learn } from './learn.ts'
import { nestedContexts } from './nested-contexts.ts'
import { type ArmRecord, emptyRecord, type Observation, observe, type Statistics } from './statistics.ts'

/** What a policy may leave to be found out: fixed at first use, for what moves can't be compared (ruling 40). */
export type Reference = 'cost_ref_usd' | 'latency_slo_ms'

export interface RouterState {
  statistics(agent: string): Statistics
  /** Keys of the arms of an agent, in the order in which they were first seen. */
  arms(agent: string): readonly string[]
  /** Of an arm under whatever agent: what a model takes and costs does not depend on who asks. Never write to it. */
  anywhere(arm: string): ArmRecord
  reference(agent: string, name: Reference): number | undefined
  freeze(agent: string, name: Reference, value: number): void
  observe(agent: string, arm: string, context: string, observation: Observation, policy: RoutingPolicy): void
  /** Resolves when what was observed before is kept. */
  flushed(): Promise<void>
}

type Contexts = Map<string, ArmRecord>

/** One that lasts as long as its process. */
export function createMemoryState(): RouterState {
  const agents = new Map<string, Map<string, Contexts>>()
  const everywhere = new Map<string, ArmRecord>()
  const references = new Map<string, number>()
  const unknown = emptyRecord()
  const whole = ''

  return {
    statistics: (agent) => ({ of: (arm, context = whole) => agents.get(agent)?.get(arm)?.get(context) ?? unknown }),
    arms: (agent) => [...(agents.get(agent)?.keys() ?? [])],
    anywhere: (arm) => everywhere.get(arm) ?? unknown,
    reference: (agent, name) => references.get(`${name} ${agent}`),
    freeze: (agent, name, value) => void references.set(`${name} ${agent}`, value),
    observe(agent, arm, context, observation, policy) {
      const arms = kept(agents, agent, () => new Map<string, Contexts>())
      const records = kept(arms, arm, () => new Map<string, ArmRecord>())
      const contexts = nestedContexts(context).map((key) => kept(records, key, emptyRecord))
      learn({ all: kept(records, whole, emptyRecord), contexts }, observation, policy)
      observe(kept(everywhere, arm, emptyRecord), observation, policy)
    },
    async flushed() {},
  }
}

function kept<V>(map: Map<string, V>, key: string, make: () => V): V {
  const known = map.get(key) ?? make()
  map.set(key, known)
  return known
}
