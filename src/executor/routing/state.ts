/** What a router remembers of its agents: statistics of their arms, scores that came late, and what was fixed at first use. */
import { defaultRouting, type QualityScore } from '../../domain/routing.ts'
import type { Clock } from '../../std/clock.ts'
import { ArmShelf } from './arm-shelf.ts'
import { armsOf, entriesOf, known, knownAnywhere, knownModel } from './known.ts'
import type { Learning } from './learn.ts'
import { applyChange, type StateChange } from './state-change.ts'
import { emptyState, type StateFile } from './state-shape.ts'
import type { ArmRecord, Observation, Statistics, Sums } from './statistics.ts'

/** What a policy may leave to be found out: fixed at first use, for what moves can't be compared (ruling 40). */
export type Reference = 'cost_ref_usd' | 'latency_slo_ms'

export interface RouterState {
  /** What is known now: with what was observed here a moment ago, and what other processes have written. */
  statistics(agent: string): Statistics
  /** Keys of the arms of an agent, the one that was used last at the end. */
  arms(agent: string): readonly string[]
  /** Of an arm under whatever agent: what a model takes and costs does not depend on who asks. Never write to it. */
  anywhere(arm: string): ArmRecord
  /** Of all versions of a model (`owner/name`) under whatever agent. Never write to it. */
  model(name: string): Sums
  /** Settled calls of the agent, by anyone. */
  turn(agent: string): number
  reference(agent: string, name: Reference): number | undefined
  /** The first value stays, whoever gave it. */
  freeze(agent: string, name: Reference, value: number): void
  /** A decision that was observed lately already is left out: a call that was taken up again counts once. */
  observe(
    agent: string,
    arm: string,
    context: string,
    observation: Observation,
    policy: Learning,
    decision?: string,
  ): void
  /** A score that comes after the call was settled. One by the same giver of the same decision replaces the earlier one. */
  feedback(decision: string, agent: string, arm: string, context: string, score: QualityScore, policy?: Learning): void
  /** Resolves when what was observed before is kept: the end of no process loses it. Never rejects. */
  flushed(): Promise<void>
  close(): Promise<void>
}

/** Where the state is, and who writes it down. */
export interface KeptState {
  readonly clock: Pick<Clock, 'now'>
  readonly state: StateFile
  /** Grows when the state became another one. */
  readonly generation: number
  /** Told of each change that another process made. */
  touched: (change: StateChange) => void
  /** A moment to take in what others wrote. */
  look(): void
  keep(change: StateChange): void
  flushed(): Promise<void>
  close(): Promise<void>
}

/** One that lasts as long as its process. */
export function createMemoryState(clock: Pick<Clock, 'now'> = { now: () => 0 }): RouterState {
  const nothing = () => {}
  return stateOver({
    ...{ clock, state: emptyState('memory'), generation: 0, touched: nothing, look: nothing, keep: nothing },
    async flushed() {},
    async close() {},
  })
}

/** By arm. */
type Seen = Map<string, ArmShelf>

export function stateOver(kept: KeptState): RouterState {
  let generation = kept.generation
  const seen = new Map<string, Seen>()
  const everywhere = new Map<string, ArmRecord>()
  const arms = new Map<string, readonly string[]>()

  function forget(change: StateChange): void {
    if (change.op === 'freeze') return
    seen.get(change.agent)?.delete(change.arm)
    everywhere.delete(change.arm)
    arms.delete(change.agent)
  }

  /** What is observed here is the latest, and the others stay in their order. */
  function moveToEnd(
    { agent, arm }: Extract<StateChange, { arm: string }>,
    before: readonly string[] | undefined,
  ): void {
    if (before?.includes(arm))
      arms.set(agent, before.at(-1) === arm ? before : [...before.filter((one) => one !== arm), arm])
  }
  kept.touched = forget

  function look(): void {
    kept.look()
    if (generation === kept.generation) return
    generation = kept.generation
    seen.clear()
    everywhere.clear()
    arms.clear()
  }

  function take(change: StateChange): void {
    look()
    if (!isSound(change) || !applyChange(kept.state, change)) return
    const before = 'arm' in change ? arms.get(change.agent) : undefined
    forget(change)
    if ('arm' in change) moveToEnd(change, before)
    kept.keep(change)
  }

  function newShelf(agent: string, arm: string): ArmShelf {
    const entries = entriesOf(kept.state, agent, arm)
    return new ArmShelf((context) => known(kept.state, agent, arm, context, entries))
  }

  function statistics(agent: string): Statistics {
    look()
    const shelves = entry(seen, agent, (): Seen => new Map())
    const shelfOf = (arm: string): ArmShelf => entry(shelves, arm, () => newShelf(agent, arm))
    return { of: (arm, context = '') => shelfOf(arm).of(context), along: (arm, key) => shelfOf(arm).along(key) }
  }

  return {
    statistics,
    arms(agent) {
      look()
      return entry(arms, agent, () => armsOf(kept.state, agent))
    },
    anywhere(arm) {
      look()
      return entry(everywhere, arm, () => knownAnywhere(kept.state, arm))
    },
    model(name) {
      look()
      return knownModel(kept.state, name)
    },
    turn(agent) {
      const { of } = statistics(agent)
      return armsOf(kept.state, agent).reduce((sum, arm) => sum + of(arm).sums.calls, 0)
    },
    reference(agent, name) {
      look()
      return Object.hasOwn(kept.state.references, agent) ? kept.state.references[agent]?.[name] : undefined
    },
    freeze(agent, name, value) {
      if (Number.isFinite(value) && value >= 0) take({ op: 'freeze', agent, name, value })
    },
    observe(agent, arm, context, observation, policy, decision) {
      const outcome = soundOutcome(observation)
      const change = { op: 'observe', agent, arm, context, time: kept.clock.now(), outcome } as const
      take({ ...change, policy: learningOf(policy), ...(decision !== undefined && { decision }) })
    },
    feedback(decision, agent, arm, context, { score, by }, policy = defaultRouting) {
      const change = { op: 'feedback', agent, arm, context, time: kept.clock.now(), decision, by } as const
      if (score !== null && Number.isFinite(score)) take({ ...change, score: share(score), policy: learningOf(policy) })
    },
    flushed: () => kept.flushed(),
    close: () => kept.close(),
  }
}

function learningOf({ ema_alpha, discount, change_point, prior_strength }: Learning): Learning {
  return { ema_alpha, discount, change_point, prior_strength }
}

/** What is no number, or none that can be, is not known. */
function soundOutcome({ succeeded, quality, latency_ms, cost_usd }: Observation) {
  const amount = (value: number | null | undefined): value is number =>
    typeof value === 'number' && Number.isFinite(value) && value >= 0
  return {
    succeeded,
    ...(quality !== undefined && Number.isFinite(quality) && { quality: share(quality) }),
    ...(amount(latency_ms) && { latency_ms }),
    ...(amount(cost_usd) && { cost_usd }),
  }
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value))
}

function isSound(change: StateChange): boolean {
  const names = change.op === 'freeze' ? [change.agent] : [change.agent, change.arm, change.context, change.decision]
  return !names.includes('__proto__')
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}
