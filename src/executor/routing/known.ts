/** What a file of router statistics knows of an arm: the sums of all its writers, without what was reset. */
import { ownValue } from '../../std/own-entry.ts'
import { nameOf } from './arm-key.ts'
import type { ArmEntry, StateFile } from './state-shape.ts'
import { addSums, type ArmRecord, derivedFrom, emptyRecord, type Sums } from './statistics.ts'

/** Of an arm in all contexts, or in one. Never write to it. `entries`: what writers know of it, where that is at hand. */
export function known(
  state: StateFile,
  agent: string,
  arm: string,
  context = '',
  entries: readonly ArmEntry[] = entriesOf(state, agent, arm),
): ArmRecord {
  const sums: Sums[] = []
  for (const entry of entries) {
    const some: Sums | undefined = context === '' ? entry.total : ownValue(entry.contexts, context)
    if (some) sums.push(some)
  }
  const sum = sumOf(sums)
  const own = ownValue(ownValue(state.derived.agents, agent) ?? none, arm)
  const derived = context === '' ? own?.total : own && ownValue(own.contexts, context)
  return { sums: sum, derived: derived ?? derivedFrom(sum, own?.total.changes) }
}

/** Of a single one, that one itself. */
function sumOf(sums: readonly Sums[]): Sums {
  return sums.length === 1 ? (sums[0] as Sums) : sums.reduce(addSums, emptyRecord().sums)
}

const none: Readonly<Record<string, never>> = {}

/** Of an arm under every agent. Never write to it. */
export function knownAnywhere(state: StateFile, arm: string): ArmRecord {
  const totals = agentsOf(state).flatMap((agent) => entriesOf(state, agent, arm).map(({ total }) => total))
  const sum = sumOf(totals)
  return { sums: sum, derived: ownValue(state.derived.models, arm) ?? derivedFrom(sum) }
}

/** Of all versions of a model, `owner/name`, under every agent. Never write to it. */
export function knownModel(state: StateFile, name: string): Sums {
  const arms = agentsOf(state).flatMap((agent) => armsOf(state, agent).map((arm) => ({ agent, arm })))
  return arms
    .filter(({ arm }) => nameOf(arm) === name)
    .map(({ agent, arm }) => known(state, agent, arm).sums)
    .reduce(addSums, emptyRecord().sums)
}

export function agentsOf(state: StateFile): string[] {
  return [...new Set(Object.values(state.writers).flatMap(({ agents }) => Object.keys(agents)))].sort()
}

/** The one that was used last at the end. */
export function armsOf(state: StateFile, agent: string): string[] {
  const seen = new Map<string, string>()
  for (const { agents } of Object.values(state.writers)) {
    for (const arm of Object.keys(ownValue(agents, agent)?.arms ?? none)) {
      const last = seen.has(arm) ? undefined : lastSeen(state, agent, arm)
      if (last !== undefined) seen.set(arm, last)
    }
  }
  return [...seen].sort(([a, x], [b, y]) => (x === y ? (a < b ? -1 : 1) : x < y ? -1 : 1)).map(([arm]) => arm)
}

/** ISO 8601; undefined: nothing is known of the arm. */
export function lastSeen(state: StateFile, agent: string, arm: string): string | undefined {
  let last: string | undefined
  for (const { seen } of entriesOf(state, agent, arm)) if (last === undefined || seen > last) last = seen
  return last
}

export function contextsOf(state: StateFile, agent: string, arm: string): string[] {
  const names = entriesOf(state, agent, arm).flatMap(({ contexts }) => Object.keys(contexts))
  return [...new Set(names)].sort()
}

/** One of each writer that knows the arm, but for what a reset left behind. */
export function entriesOf(state: StateFile, agent: string, arm: string): ArmEntry[] {
  const forgotten = ownValue(state.writers, state.id)?.forgotten
  const found: ArmEntry[] = []
  for (const writer of Object.keys(state.writers)) {
    const entry = ownValue(ownValue(state.writers[writer]?.agents ?? none, agent)?.arms ?? none, arm)
    if (!entry) continue
    const upTo = forgotten && ownValue(ownValue(ownValue(forgotten, writer) ?? none, agent) ?? none, arm)
    if (entry.at > (upTo ?? -1)) found.push(entry)
  }
  return found
}
