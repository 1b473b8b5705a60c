/** The circuit breakers of models whose agents ask for one, made at their first call. */
import { TimeoutError, type ErrorCode } from '../../domain/errors.ts'
import type { Clock } from '../../std/clock.ts'
import type { Candidate } from '../../targets/target.ts'
import type { AttemptEnd } from '../attempt.ts'
import { type Breaker, createBreaker, type Permit } from './breaker.ts'

export interface Breakers {
  /** Undefined: its agent has no `breaker`. Agents that ask for the same share one. */
  of(candidate: Candidate): Breaker | undefined
}

export function createBreakers(clock: Clock): Breakers {
  const made = new Map<string, Breaker>()
  return {
    of({ breaker: policy, target, model }) {
      if (!policy) return undefined
      const key = `${target} ${model} ${JSON.stringify(policy)}`
      const known = made.get(key) ?? createBreaker(policy, clock)
      made.set(key, known)
      return known
    },
  }
}

/** What counts against a model (ruling 44): never a 429, a refusal of the account or the input, or a call that was called off. */
const counted = new Set<ErrorCode>(['timeout', 'server', 'network', 'resource_exhausted'])

/** What the end of an attempt says to the breaker of its model; `cancelled`: the work was called off from outside. */
export function verdictOf(end: AttemptEnd, cancelled: boolean): keyof Permit {
  if (end.status === 'succeeded') return 'succeeded'
  if (end.status === 'aborted') return end.reason instanceof TimeoutError && !cancelled ? 'failed' : 'dropped'
  return counted.has(end.failure.code) ? 'failed' : 'dropped'
}
