/** Where a call goes on after earlier processes: with which candidate, and which others may still be tried. */
import { failureClasses } from '../domain/errors.ts'
import type { RetryPolicy } from '../domain/retry-policy.ts'
import type { CallSpec, PriorCalls } from './contract.ts'
import { policyAfter } from './resilience/retry/retry.ts'

export interface ResumePoint {
  /** The one in flight, or whose attempts are not used up. */
  current: number | undefined
  /** Positions that nobody was done with; `current` is among them. Groups that were left are not gone back to. */
  untried: Set<number>
}

export function resumePoint({ chain, retry }: Pick<CallSpec, 'chain' | 'retry'>, prior: PriorCalls): ResumePoint {
  const newest = prior.open?.candidate ?? prior.last
  if (newest === undefined) return { current: undefined, untried: new Set(chain.keys()) }
  const current = prior.open || goesOn(prior, newest, chain[newest]?.retry ?? retry) ? newest : undefined
  const group = chain[newest]?.name
  const start = Math.max(
    0,
    chain.findIndex(({ name }) => name === group),
  )
  const untried = new Set<number>()
  for (const position of chain.keys()) {
    const tried = (prior.attempts[position] ?? 0) > 0
    if (position === current || (position >= start && !tried)) untried.add(position)
  }
  return { current, untried }
}

function goesOn({ attempts, last_error }: PriorCalls, last: number, retry: RetryPolicy): boolean {
  const made = attempts[last] ?? 0
  if (last_error === undefined) return made < retry.attempts
  const failed = failureClasses.find((name) => name === last_error.code)
  return policyAfter(retry, failed, made) !== undefined
}
