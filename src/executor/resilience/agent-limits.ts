/** The limits of agents: how many calls of one begin in a minute, and how many are under way at once, over all runs of a process. */
import type { AgentLimits } from '../../domain/rate-limit.ts'
import { abortReason } from '../../std/abort.ts'
import type { Clock } from '../../std/clock.ts'
import type { Candidate } from '../../targets/target.ts'
import { createRateLimiter } from './rate-limit.ts'

export interface AgentGate {
  /** Resolves when a call may begin, in the order of asking, with what has to be called when it has ended. */
  enter(signal: AbortSignal): Promise<() => void>
}

export interface AgentGates {
  /** Undefined: the agent has no limits. */
  of(candidate: Candidate): AgentGate | undefined
}

export function createAgentGates(clock: Clock): AgentGates {
  const gates = new Map<string, AgentGate>()
  return {
    of({ name, limits }) {
      if (!limits) return undefined
      // Workflows may have different agents of one name.
      const key = `${name} ${JSON.stringify(limits)}`
      const gate = gates.get(key) ?? createGate(limits, clock)
      gates.set(key, gate)
      return gate
    },
  }
}

function createGate({ rate, max_concurrency = Number.POSITIVE_INFINITY }: AgentLimits, clock: Clock): AgentGate {
  const limiter = rate && createRateLimiter(rate, clock)
  const waiting = new Set<() => void>()
  let busy = 0

  function leave(): void {
    busy -= 1
    const [next] = waiting
    next?.()
  }

  function slot(signal: AbortSignal): Promise<void> {
    if (busy < max_concurrency) {
      busy += 1
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        waiting.delete(go)
        reject(abortReason(signal))
      }
      const go = (): void => {
        waiting.delete(go)
        signal.removeEventListener('abort', stop)
        busy += 1
        resolve()
      }
      waiting.add(go)
      signal.addEventListener('abort', stop, { once: true })
    })
  }

  return {
    async enter(signal) {
      if (signal.aborted) throw abortReason(signal)
      await slot(signal)
      try {
        await limiter?.take(signal)
      } catch (error) {
        leave()
        throw error
      }
      return leave
    },
  }
}
