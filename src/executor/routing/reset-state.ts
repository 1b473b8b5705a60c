/** Forgets what was learned of an agent, a model, or everything, so that no older file brings it back. */
import { ownEntry, ownValue } from '../../std/own-entry.ts'
import { nameOf } from './arm-key.ts'
import { agentsOf, armsOf, known, knownAnywhere } from './known.ts'
import type { StateFile, Writer } from './state-shape.ts'

/** Absent: all. `model` with its version, or without for every version. */
export interface ResetChoice {
  agent?: string
  model?: string
}

export interface ForgottenArm {
  agent: string
  model: string
  calls: number
}

export function armsToReset(state: StateFile, { agent, model }: ResetChoice): ForgottenArm[] {
  const agents = agentsOf(state).filter((name) => agent === undefined || name === agent)
  return agents.flatMap((name) =>
    armsOf(state, name)
      .filter((arm) => model === undefined || arm === model || nameOf(arm) === model)
      .toSorted()
      .map((arm) => ({ agent: name, model: arm, calls: known(state, name, arm).sums.calls })),
  )
}

/** A copy without these arms. What their agents' costs and latencies are measured by is fixed anew if all of them go. */
export function resetState(state: StateFile, arms: readonly ForgottenArm[]): StateFile {
  const next = structuredClone(state)
  const own = ownEntry(next.writers, next.id, (): Writer => ({ revision: 0, agents: {}, forgotten: {} }))
  // Grows, so that this entry counts, and not that of an older file.
  own.revision += 1
  for (const { agent, model } of arms) {
    forgetArm(next, own, agent, model)
    if (knownAnywhere(next, model).sums.calls === 0) delete next.derived.models[model]
    if (armsOf(next, agent).length === 0) delete next.references[agent]
  }
  return next
}

function forgetArm(state: StateFile, own: Writer, agent: string, arm: string): void {
  const arms = ownValue(own.agents, agent)?.arms
  delete arms?.[arm]
  if (arms && Object.keys(arms).length === 0) delete own.agents[agent]
  for (const [writer, { agents }] of Object.entries(state.writers)) {
    const entry = ownValue(ownValue(agents, agent)?.arms ?? {}, arm)
    if (!entry) continue
    const ofWriter = ownEntry(own.forgotten, writer, (): Writer['forgotten'][string] => ({}))
    ownEntry(ofWriter, agent, (): Record<string, number> => ({}))[arm] = entry.at
  }
  const derived = ownValue(state.derived.agents, agent)
  delete derived?.[arm]
  if (derived && Object.keys(derived).length === 0) delete state.derived.agents[agent]
  for (const [decision, scored] of Object.entries(state.feedback))
    if (scored.agent === agent && scored.arm === arm) delete state.feedback[decision]
}
