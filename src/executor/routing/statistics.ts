/** What is known of arms: sums that files of different writers merge by adding, and averages derived from them. */
import type { RoutingPolicy } from '../../domain/routing.ts'
import { nestedContexts } from './nested-contexts.ts'

/** Sums over calls of one arm. They only ever grow, but for corrections of `quality` by later feedback. */
export interface Sums {
  /** Settled calls that say something of the model: no 429, no abort, no refusal of the account. */
  calls: number
  /** Of them. */
  failures: number
  /** Of the failures, those without a score. */
  unscored_failures: number
  /** Scores of quality in [0, 1] from a judge, an expression, a schema or a person. */
  quality: Moments
  /** Milliseconds of calls that succeeded or timed out. */
  latency: Moments
  /** Dollars of calls whose cost is known. */
  cost: Moments
}

/** How many values, their sum, and the sum of their squares. */
export interface Moments {
  n: number
  sum: number
  squares: number
}

/** Not merged (ruling 43): what depends on the order of observations. */
export interface Derived {
  /** Moving averages; null until there is a value. */
  ema: { quality: number | null; latency_ms: number | null; cost_usd: number | null }
  /** What of the sums no longer counts: discounted, or older than a change point. */
  forgotten: Tally
  /** How far observations have lately stayed under what was expected of them, added up (`learn.ts`). */
  drop: number
  /** The tally when `drop` was last 0. */
  since: Tally
  /** Change points of the arm up to the last observation: a context's record with fewer than its arm's is void. */
  changes: number
}

/** What sums say of quality. */
export interface Tally {
  calls: number
  failures: number
  unscored_failures: number
  /** How many scores, and what they add up to. */
  scores: number
  score: number
}

export interface ArmRecord {
  sums: Sums
  derived: Derived
}

/** What a strategy looks arms up in. */
export interface Statistics {
  /**
   * Of an arm of this agent in all contexts, or in one: a whole key, or the first parts of one (`nestedContexts`).
   * Shared and empty when nothing is known: never write to it.
   */
  of(arm: string, context?: string): ArmRecord
  /** Of all calls of an arm, and of each of the `nestedContexts` of a key, from the outermost in. Never write to them. */
  along(arm: string, key: string): readonly ArmRecord[]
}

/** Statistics that look each record up by itself. */
export function statisticsBy(of: Statistics['of']): Statistics {
  return { of, along: (arm, key) => [of(arm), ...nestedContexts(key).map((context) => of(arm, context))] }
}

/** What came of one call. Absent or null: not known. */
export interface Observation {
  succeeded: boolean
  /** In [0, 1]; absent: assumed from success. */
  quality?: number
  latency_ms?: number
  cost_usd?: number | null
}

export function emptyRecord(): ArmRecord {
  return {
    sums: {
      calls: 0,
      failures: 0,
      unscored_failures: 0,
      quality: emptyMoments(),
      latency: emptyMoments(),
      cost: emptyMoments(),
    },
    derived: {
      ema: { quality: null, latency_ms: null, cost_usd: null },
      forgotten: emptyTally(),
      drop: 0,
      since: emptyTally(),
      changes: 0,
    },
  }
}

/** What is made of sums alone, where the order of observations is not known; `changes`: those of the arm so far. */
export function derivedFrom(sums: Sums, changes = 0): Derived {
  const { latency, cost } = sums
  const ema = { quality: meanOf(qualityOf(sums)), latency_ms: meanOf(latency), cost_usd: meanOf(cost) }
  return { ema, forgotten: emptyTally(), drop: 0, since: tallyOf(sums), changes }
}

/** Scores; where there are none, success. */
export function qualityOf({ calls, failures, quality }: Sums): Moments {
  if (quality.n > 0) return { ...quality }
  return { n: calls, sum: calls - failures, squares: calls - failures }
}

/** null: there is none. */
export function meanOf({ n, sum }: Moments): number | null {
  return n === 0 ? null : sum / n
}

/** Of both together, as a value of its own. */
export function addSums(a: Sums, b: Sums): Sums {
  return {
    calls: a.calls + b.calls,
    failures: a.failures + b.failures,
    unscored_failures: a.unscored_failures + b.unscored_failures,
    quality: addMoments(a.quality, b.quality),
    latency: addMoments(a.latency, b.latency),
    cost: addMoments(a.cost, b.cost),
  }
}

function addMoments(a: Moments, b: Moments): Moments {
  return { n: a.n + b.n, sum: a.sum + b.sum, squares: a.squares + b.squares }
}

function emptyMoments(): Moments {
  return { n: 0, sum: 0, squares: 0 }
}

export function emptyTally(): Tally {
  return { calls: 0, failures: 0, unscored_failures: 0, scores: 0, score: 0 }
}

/** Adds an observation to a record, in place. Whoever keeps records of an arm and its contexts calls `learn`. */
export function observe(
  { sums, derived }: ArmRecord,
  observation: Observation,
  policy: Pick<RoutingPolicy, 'ema_alpha' | 'discount'>,
): void {
  const { succeeded, quality, latency_ms, cost_usd } = observation
  if (policy.discount < 1) discountBy(sums, derived, policy.discount)
  sums.calls += 1
  if (!succeeded) sums.failures += 1
  if (!succeeded && quality === undefined) sums.unscored_failures += 1
  if (quality !== undefined) add(sums.quality, quality)
  if (latency_ms !== undefined) add(sums.latency, latency_ms)
  if (cost_usd !== undefined && cost_usd !== null) add(sums.cost, cost_usd)
  moveAverages(derived, observation, policy)
}

/** Adds an observation to moving averages alone, in place. */
export function moveAverages(
  { ema }: Derived,
  { succeeded, quality, latency_ms, cost_usd }: Observation,
  { ema_alpha }: Pick<RoutingPolicy, 'ema_alpha'>,
): void {
  const worth = quality ?? (succeeded ? 1 : 0)
  ema.quality = moved(ema.quality, worth, ema_alpha)
  if (latency_ms !== undefined) ema.latency_ms = moved(ema.latency_ms, latency_ms, ema_alpha)
  if (cost_usd !== undefined && cost_usd !== null) ema.cost_usd = moved(ema.cost_usd, cost_usd, ema_alpha)
}

/** A score that came after the observation. */
export interface LaterScore {
  succeeded: boolean
  /** In [0, 1]. */
  quality: number
  /** The score that it replaces; absent: there was none. */
  before?: number
}

/** Puts a later score in the place of what was known of the quality of an observation, in place. */
export function correct(
  { sums, derived }: ArmRecord,
  { succeeded, quality, before }: LaterScore,
  { ema_alpha }: Pick<RoutingPolicy, 'ema_alpha'>,
): void {
  if (before === undefined) {
    add(sums.quality, quality)
    if (!succeeded) sums.unscored_failures = Math.max(0, sums.unscored_failures - 1)
  } else {
    replace(sums.quality, before, quality)
  }
  derived.ema.quality = moved(derived.ema.quality, quality, ema_alpha)
}

export function tallyOf({ calls, failures, unscored_failures, quality }: Sums): Tally {
  return { calls, failures, unscored_failures, scores: quality.n, score: quality.sum }
}

/** What still counts: the sums without what was forgotten. */
export function countedTally({ sums, derived }: ArmRecord): Tally {
  return subtract(tallyOf(sums), derived.forgotten)
}

const tallyKeys = ['calls', 'failures', 'unscored_failures', 'scores', 'score'] as const

function subtract(tally: Tally, other: Tally): Tally {
  const rest = { ...tally }
  for (const key of tallyKeys) rest[key] = Math.max(0, tally[key] - other[key])
  return rest
}

/** All that still counts keeps `discount` of its weight. */
function discountBy(sums: Sums, { forgotten }: Derived, discount: number): void {
  const all = tallyOf(sums)
  for (const key of tallyKeys) forgotten[key] += (1 - discount) * (all[key] - forgotten[key])
}

function add(moments: Moments, value: number): void {
  moments.n += 1
  moments.sum += value
  moments.squares += value * value
}

/** What was counted and has gone since (a reset, a context that fell out) can't be taken away again. */
function replace(moments: Moments, before: number, value: number): void {
  if (moments.n === 0) return add(moments, value)
  moments.sum = within(moments.sum + value - before, moments.n)
  moments.squares = within(moments.squares + value * value - before * before, moments.n)
}

function within(value: number, most: number): number {
  return Math.min(most, Math.max(0, value))
}

/** The exponential moving average: `alpha` of the new value, the rest of the old. */
function moved(before: number | null, value: number, alpha: number): number {
  return before === null ? value : before + alpha * (value - before)
}
