/** Files of router statistics together: of each writer the later entry counts, whatever the order and how often (ruling 43). */
import { canonicalJson, type Json } from '../../std/json.ts'
import { ownValue } from '../../std/own-entry.ts'
import { agentsOf, armsOf, known } from './known.ts'
import type { StateFile, Writer } from './state-shape.ts'

type Writers = StateFile['writers']

/** Idempotent, commutative, associative; shares parts with both. */
export function mergeWriters(a: Writers, b: Writers): Writers {
  const merged: Writers = { ...a }
  for (const [id, other] of Object.entries(b)) {
    const own = ownValue(a, id)
    merged[id] = own ? laterOf(own, other) : other
  }
  return merged
}

/** Two of the same revision are the same, unless somebody wrote one by hand: then either, but always the same one. */
function laterOf(a: Writer, b: Writer): Writer {
  if (a.revision !== b.revision) return a.revision > b.revision ? a : b
  return a === b || text(a) >= text(b) ? a : b
}

function text(writer: Writer): string {
  return canonicalJson(writer)
}

/** An arm of which more, or less, is known than before. */
export interface ArmGain {
  agent: string
  model: string
  calls_before: number
  calls: number
}

export interface Merged {
  /** Shares parts with the state that it was made of, which is not to be used any more. */
  state: StateFile
  writers: { added: number; updated: number }
  gains: ArmGain[]
}

/** What another file knows, taken into a state. What depends on the order of observations stays as it is (ruling 43). */
export function mergeInto(state: StateFile, other: Writers): Merged {
  const next: StateFile = { ...state, writers: mergeWriters(state.writers, other) }
  const ids = Object.keys(next.writers)
  const added = ids.filter((id) => !Object.hasOwn(state.writers, id)).length
  const updated = ids.filter((id) => {
    const before = ownValue(state.writers, id)
    return before && before !== next.writers[id] && text(before) !== text(next.writers[id] as Writer)
  }).length
  const gains: ArmGain[] = []
  for (const agent of agentsOf(next)) {
    for (const model of [...new Set([...armsOf(state, agent), ...armsOf(next, agent)])].sort()) {
      const [before, after] = [known(state, agent, model).sums, known(next, agent, model).sums]
      if (canonicalJson(before as unknown as Json) === canonicalJson(after as unknown as Json)) continue
      gains.push({ agent, model, calls_before: before.calls, calls: after.calls })
    }
  }
  return { state: next, writers: { added, updated }, gains }
}
