/** The time that each agent of a chain has, over all of its candidates and attempts, from when it is called first. */
import type { Candidate } from '../targets/target.ts'
import { type Deadline, startDeadline } from './resilience/retry/timeout.ts'
import type { Work } from './work.ts'

export interface AgentTimes<W extends Work> {
  work: W
  /** The work within the time of this candidate's agent. */
  of(candidate: Candidate): W
  end(): void
}

export function createAgentTimes<W extends Work>(work: W): AgentTimes<W> {
  const { spec, context, clock, whole } = work
  let begun: Map<string, Deadline> | undefined
  return {
    work,
    of({ name, timeout_ms }) {
      if (timeout_ms === undefined) return work
      begun ??= new Map()
      let deadline = begun.get(name)
      if (!deadline) {
        const { elapsed_by = [] } = context.prior
        const spent_ms = spec.chain.reduce((sum, one, at) => sum + (one.name === name ? (elapsed_by[at] ?? 0) : 0), 0)
        deadline = startDeadline(clock, whole, timeout_ms, spent_ms, `agent "${name}"`)
        begun.set(name, deadline)
      }
      return { ...work, deadline }
    },
    end() {
      for (const deadline of begun?.values() ?? []) deadline.end()
    },
  }
}
