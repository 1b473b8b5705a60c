/**
 * How the state of a circuit breaker is read, and how it goes on (M. Nygard, Release It!; states and names as in
 * resilience4j). Nothing here waits or keeps anything.
 *
 * 1. Reading never changes anything: a router can ask.
 * 2. Half-open, at most `half_open_probes` calls are on their way at once; one that is not heard of for long is given up.
 * 3. Each change of state begins a new episode; what comes of calls of an older one is ignored.
 * 4. Times are those of the wall clock, so that processes can share them. When it is set back, what is open stays so for
 *    one more cooldown at most.
 */
import { defined } from '../../../std/defined.ts'
import type { BreakerPolicy, BreakerState, Trouble } from '../../../domain/breaker.ts'
import { type BreakerCell, emptyTally, freshCell, type SeenTrouble } from './cell.ts'
import { type CountedCall, criteria } from './criteria.ts'

/** A probe whose process died must not keep its place for ever; one that takes its time is not to be doubled too soon. */
const leastLeaseMs = 60_000
/** Of each breaker. */
const mostTroubles = 5

// ── reading ──

export function stateAt({ open, since }: BreakerCell, now: number): BreakerState {
  if (!open) return 'closed'
  const { until } = open
  if (until === null) return 'open'
  return now < until && now >= since - (until - since) ? 'open' : 'half_open'
}

/** Whether a call would be refused. */
export function refusesAt(cell: BreakerCell, policy: BreakerPolicy, now: number): boolean {
  const state = stateAt(cell, now)
  if (state !== 'half_open') return state === 'open'
  return probesAt(cell, policy, now).length >= policy.half_open_probes
}

/** Milliseconds until a probe may go; 0: one may go now, Infinity: somebody has to reset it. */
export function opensInAt(cell: BreakerCell, now: number): number {
  if (stateAt(cell, now) !== 'open') return 0
  return cell.open?.until === null ? Number.POSITIVE_INFINITY : Math.max(0, (cell.open?.until ?? now) - now)
}

/** The share of calls that it gets, from 0 to 1: after closing it grows to all of them. */
export function shareAt({ open, ramp_ms, since }: BreakerCell, now: number): number {
  if (open || ramp_ms === undefined || now < since || now - since >= ramp_ms) return 1
  return (now - since) / ramp_ms
}

export function withOverride(policy: BreakerPolicy, { override }: BreakerCell): BreakerPolicy {
  return override ? { ...policy, ...defined(override) } : policy
}

function leaseOf({ cooldown_ms }: BreakerPolicy): number {
  return Math.max(cooldown_ms, leastLeaseMs)
}

/** Those on their way that are not given up. */
export function probesAt({ open }: BreakerCell, policy: BreakerPolicy, now: number): [number, number][] {
  const lease_ms = leaseOf(policy)
  return (open?.probes ?? []).filter(([, until]) => now < until && until - now <= lease_ms)
}

// ── changing ──

/** Opens it until a moment, or until it is reset (null). */
export function opened(cell: BreakerCell, until: number | null, why: string, now: number): BreakerCell {
  const open = { until, why, succeeded: 0, probes: [], probed: 0 }
  const { ramp_ms: _, ...rest } = cell
  return { ...rest, episode: nextEpisode(cell, now), since: now, open, tally: emptyTally }
}

/** As if it had never been called; what somebody set stays. */
export function reset({ override }: BreakerCell): BreakerCell {
  return override ? { ...freshCell, override } : freshCell
}

/** After calls that began and ended while it was closed. */
export function afterCalls(
  cell: BreakerCell,
  calls: readonly CountedCall[],
  policy: BreakerPolicy,
  cooldown_ms: number,
  now: number,
): BreakerCell {
  const criterion = criteria[policy.criterion]
  let { tally } = cell
  for (const call of calls) tally = criterion.add(tally, call, policy)
  const isBad = calls.some(({ failed, slow }) => failed || slow)
  const why = isBad ? criterion.why(tally, policy, now) : undefined
  return why === undefined ? { ...cell, tally } : opened(cell, now + cooldown_ms, why, now)
}

/** With one more probe on its way; undefined: no place is left. */
export function withProbe(
  cell: BreakerCell,
  policy: BreakerPolicy,
  now: number,
): { cell: BreakerCell; probe: number } | undefined {
  const { open } = cell
  if (!open || refusesAt(cell, policy, now)) return undefined
  const probe = open.probed + 1
  const probes = [...probesAt(cell, policy, now), [probe, now + leaseOf(policy)] satisfies [number, number]]
  return { cell: { ...cell, open: { ...open, probes, probed: probe } }, probe }
}

/** After a probe of this episode. One that was given up before is heard all the same. */
export function afterProbe(
  cell: BreakerCell,
  probe: number,
  end: 'succeeded' | 'failed' | 'dropped',
  policy: BreakerPolicy,
  cooldown_ms: number,
  now: number,
): BreakerCell {
  const { open } = cell
  if (!open) return cell
  if (end === 'failed') return opened(cell, now + cooldown_ms, 'a trial call failed', now)
  const probes = open.probes.filter(([number]) => number !== probe)
  const succeeded = open.succeeded + Number(end === 'succeeded')
  if (end === 'dropped' || succeeded < policy.success_threshold)
    return { ...cell, open: { ...open, probes, succeeded } }
  const { open: _, ...rest } = cell
  return { ...rest, episode: nextEpisode(cell, now), since: now, ramp_ms: policy.ramp_ms, tally: emptyTally }
}

/** With what went wrong, for people to see. */
export function withTroubles(cell: BreakerCell, troubles: readonly SeenTrouble[]): BreakerCell {
  if (troubles.length === 0) return cell
  const seen: Partial<Record<Trouble, number>> = { ...cell.seen }
  for (const { class: kind } of troubles) seen[kind] = (seen[kind] ?? 0) + 1
  return { ...cell, seen, last: [...cell.last, ...troubles].slice(-mostTroubles) }
}

/** Later than any before, also after the whole state was lost. */
function nextEpisode({ episode }: BreakerCell, now: number): number {
  return Math.max(episode + 1, Math.floor(now))
}
