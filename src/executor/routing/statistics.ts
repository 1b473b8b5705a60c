/** What is known of arms: sums that files of different writers merge by adding, and averages derived from them. */
import type { RoutingPolicy } from '../../domain/routing.ts'

/** Sums over calls of one arm. They only ever grow, but for corrections of `quality` by later feedback. */
export interface Sums {
  /** Settled calls that say something of the model: no 429, no abort, no refusal of the account. */
  calls: number
  /** Of them. */
  failures: number
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
  /** Discounted quality (success where quality is only assumed), for γ < 1 and after a change point. */
  recent: Moments
}

export interface ArmRecord {
  sums: Sums
  derived: Derived
}

/** What a strategy looks arms up in. */
export interface Statistics {
  /** Of an arm of this agent in all contexts, or in one. Shared and empty when nothing is known: never write to it. */
  of(arm: string, context?: string): ArmRecord
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
    sums: { calls: 0, failures: 0, quality: emptyMoments(), latency: emptyMoments(), cost: emptyMoments() },
    derived: { ema: { quality: null, latency_ms: null, cost_usd: null }, recent: emptyMoments() },
  }
}

function emptyMoments(): Moments {
  return { n: 0, sum: 0, squares: 0 }
}

/** Adds an observation to a record, in place. */
export function observe(
  { sums, derived }: ArmRecord,
  { succeeded, quality, latency_ms, cost_usd }: Observation,
  { ema_alpha, discount }: Pick<RoutingPolicy, 'ema_alpha' | 'discount'>,
): void {
  sums.calls += 1
  if (!succeeded) sums.failures += 1
  if (quality !== undefined) add(sums.quality, quality)
  if (latency_ms !== undefined) add(sums.latency, latency_ms)
  if (cost_usd !== undefined && cost_usd !== null) add(sums.cost, cost_usd)
  const worth = quality ?? (succeeded ? 1 : 0)
  const { ema, recent } = derived
  for (const key of ['n', 'sum', 'squares'] as const) recent[key] *= discount
  add(recent, worth)
  ema.quality = moved(ema.quality, worth, ema_alpha)
  if (latency_ms !== undefined) ema.latency_ms = moved(ema.latency_ms, latency_ms, ema_alpha)
  if (cost_usd !== undefined && cost_usd !== null) ema.cost_usd = moved(ema.cost_usd, cost_usd, ema_alpha)
}

function add(moments: Moments, value: number): void {
  moments.n += 1
  moments.sum += value
  moments.squares += value * value
}

/** The exponential moving average: `alpha` of the new value, the rest of the old. */
function moved(before: number | null, value: number, alpha: number): number {
  return before === null ? value : before + alpha * (value - before)
}
