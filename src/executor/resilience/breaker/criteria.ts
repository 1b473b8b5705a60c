/** What opens a breaker: each criterion keeps its own count of calls, and says when that is too much. */
import type { BreakerCriterion, BreakerPolicy } from '../../../domain/breaker.ts'
import type { Tally } from './cell.ts'

/** A call that counts. */
export interface CountedCall {
  /** When it ended, epoch milliseconds. */
  time: number
  failed: boolean
  slow: boolean
}

interface Criterion {
  /** With one more call. */
  add(tally: Tally, call: CountedCall, policy: BreakerPolicy): Tally
  /** Why it is to open, in words; undefined: it is not. */
  why(tally: Tally, policy: BreakerPolicy, now: number): string | undefined
  /** How near it is to opening, in words. */
  standing(tally: Tally, policy: BreakerPolicy, now: number): string
}

/** Agents that look further back than this one may share the breaker. */
const leastKept = 100
const mostCounted = 1_000
/** Of a window in time. */
const spansInWindow = 10
const mostSpans = 6 * spansInWindow

export const criteria: Readonly<Record<BreakerCriterion, Criterion>> = {
  failures: {
    add(tally, { time, failed, slow }, { failure_threshold }) {
      if (!failed && !slow) return tally
      return { ...tally, times: [...tally.times, time].slice(-Math.max(failure_threshold, leastKept)) }
    },
    why: (tally, policy, now) => {
      const failures = within(tally.times, policy, now)
      if (failures < policy.failure_threshold) return undefined
      return `${counted(failures, 'failure')} within ${seconds(policy)}`
    },
    standing: (tally, policy, now) => `${within(tally.times, policy, now)} of ${policy.failure_threshold} failures`,
  },
  consecutive: {
    add: (tally, { failed, slow }) => ({ ...tally, row: failed || slow ? tally.row + 1 : 0 }),
    why: ({ row }, { failure_threshold }) =>
      row < failure_threshold ? undefined : `${counted(row, 'failure')} in a row`,
    standing: ({ row }, { failure_threshold }) => `${row} of ${failure_threshold} in a row`,
  },
  count: {
    add: (tally, call) => ({ ...tally, recent: (tally.recent + letterOf(call)).slice(-mostCounted) }),
    why: (tally, policy) => rateTooHigh(ofRecent(tally, policy), policy, `the last ${policy.window_calls} calls`),
    standing: (tally, policy) => rates(ofRecent(tally, policy), policy),
  },
  sampling: {
    add: (tally, call, policy) => ({ ...tally, spans: withCall(tally.spans, call, policy.window_ms) }),
    why: (tally, policy, now) => rateTooHigh(ofSpans(tally, policy, now), policy, `the last ${seconds(policy)}`),
    standing: (tally, policy, now) => rates(ofSpans(tally, policy, now), policy),
  },
}

/** Whether a call that was fine has to be counted at all. */
export function countsSuccesses({ criterion }: BreakerPolicy, { row }: Tally): boolean {
  return criterion === 'count' || criterion === 'sampling' || (criterion === 'consecutive' && row > 0)
}

/** A clock that was set back makes a time one of the future: what lies further off than the window does not count either. */
function within(times: readonly number[], { window_ms }: BreakerPolicy, now: number): number {
  return times.filter((time) => Math.abs(now - time) < window_ms).length
}

// ── rates ──

interface Counts {
  calls: number
  failed: number
  slow: number
}

function rateTooHigh(counts: Counts, policy: BreakerPolicy, of: string): string | undefined {
  const { calls, failed, slow } = counts
  if (calls < leastCalls(policy)) return undefined
  if (failed / calls >= policy.failure_rate) return `${failed} of ${calls} calls failed, of ${of}`
  if (slow / calls >= policy.slow_call_rate) return `${slow} of ${calls} calls were slow, of ${of}`
  return undefined
}

/** No more than can be counted. */
function leastCalls({ criterion, minimum_calls, window_calls }: BreakerPolicy): number {
  return criterion === 'count' ? Math.min(minimum_calls, window_calls) : minimum_calls
}

function rates({ calls, failed, slow }: Counts, policy: BreakerPolicy): string {
  const few = calls < leastCalls(policy) ? `, too few to judge` : ''
  return `${failed} failed${slow > 0 ? `, ${slow} slow` : ''} of ${counted(calls, 'call')}${few}`
}

function letterOf({ failed, slow }: CountedCall): string {
  if (failed) return slow ? 'b' : 'f'
  return slow ? 's' : 'o'
}

function ofRecent({ recent }: Tally, { window_calls }: BreakerPolicy): Counts {
  const counts = { calls: 0, failed: 0, slow: 0 }
  for (const letter of recent.slice(-window_calls)) {
    counts.calls += 1
    if (letter === 'f' || letter === 'b') counts.failed += 1
    if (letter === 's' || letter === 'b') counts.slow += 1
  }
  return counts
}

function ofSpans({ spans }: Tally, { window_ms }: BreakerPolicy, now: number): Counts {
  const counts = { calls: 0, failed: 0, slow: 0 }
  for (const [begin, calls, failed, slow] of spans) {
    if (Math.abs(now - begin) >= window_ms) continue
    counts.calls += calls
    counts.failed += failed
    counts.slow += slow
  }
  return counts
}

function withCall(spans: Tally['spans'], { time, failed, slow }: CountedCall, window_ms: number): Tally['spans'] {
  const last = spans.at(-1)
  const isInLast = last !== undefined && time >= last[0] && time - last[0] < window_ms / spansInWindow
  const [begin, calls, failures, slows] = isInLast ? last : [time, 0, 0, 0]
  const span: Tally['spans'][number] = [begin, calls + 1, failures + Number(failed), slows + Number(slow)]
  return [...(isInLast ? spans.slice(0, -1) : spans), span].slice(-mostSpans)
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

function seconds({ window_ms }: BreakerPolicy): string {
  return `${window_ms / 1_000} s`
}
