/** What is believed of the quality of arms in a context: posterior means, and how many observations each is worth. */
import type { ArmRecord } from './statistics.ts'

/** What is known of arms, each at its position. */
export interface KnownArms {
  /** Their records of all their calls. */
  all: readonly ArmRecord[]
  /** Their records of each context that the call at hand is in, from the outermost in. */
  contexts: readonly (readonly ArmRecord[])[]
  /** What one is believed to be before its first call; absent: nobody knows. */
  prior?(at: number): { quality: number; strength: number } | undefined
  /** Calls of one in flight: each counts as if it had brought what calls of these arms bring on average. */
  pending?(at: number): number
}

/** By position. Typed arrays, since a choice among a thousand arms is to take a fifth of a millisecond. */
export interface QualityBeliefs {
  /** In [0, 1]. */
  mean: Float64Array
  strength: Float64Array
}

/** A model of which nothing is known is hoped to be perfect, so that it is tried beside models that nearly are. */
const hope = { quality: 1, strength: 2 }

/**
 * All calls of an arm are weighed against its prior; then, from the outermost in, the calls in each context against what
 * was believed outside of it, worth at most `priorStrength` of them. What the context did to all arms together shifts
 * what is believed of those that were hardly called there: a hard task is hard for all of them.
 */
export function believe({ all, contexts, prior, pending }: KnownArms, priorStrength: number): QualityBeliefs {
  const successes = worthOfSuccesses(all)
  const evidence: Evidence = { n: new Float64Array(all.length), sum: new Float64Array(all.length) }
  const beliefs: QualityBeliefs = { mean: new Float64Array(all.length), strength: new Float64Array(all.length) }
  const { mean, strength } = beliefs
  for (let at = 0; at < all.length; at += 1) {
    const before = prior?.(at) ?? hope
    mean[at] = before.quality
    strength[at] = before.strength
    weigh(all[at] as ArmRecord, successes[at] as number, at, evidence)
    update(beliefs, at, evidence)
  }
  const usual = meanOf(evidence)
  for (const records of contexts) {
    let [surplus, n] = [0, priorStrength]
    for (let at = 0; at < records.length; at += 1) {
      const record = records[at] as ArmRecord
      // From before the arm's last change point.
      if (record.derived.changes < (all[at] as ArmRecord).derived.changes) evidence.n[at] = evidence.sum[at] = 0
      else weigh(record, successes[at] as number, at, evidence)
      surplus += (evidence.sum[at] as number) - (evidence.n[at] as number) * (mean[at] as number)
      n += evidence.n[at] as number
    }
    const effect = n > 0 ? surplus / n : 0
    for (let at = 0; at < records.length; at += 1) {
      mean[at] = within((mean[at] as number) + effect)
      strength[at] = Math.min(priorStrength, strength[at] as number)
      update(beliefs, at, evidence)
    }
  }
  if (pending) {
    for (let at = 0; at < all.length; at += 1) {
      evidence.n[at] = pending(at)
      evidence.sum[at] = pending(at) * usual
      update(beliefs, at, evidence)
    }
  }
  return beliefs
}

/** Whether any call that still counts was scored. */
export function isScored({ sums: { quality }, derived: { forgotten } }: ArmRecord): boolean {
  return quality.n - forgotten.scores > 0
}

/** How many observations, by position, and what they add up to. */
interface Evidence {
  n: Float64Array
  sum: Float64Array
}

/** 0.5 where nothing is known. */
function meanOf(evidence: Evidence): number {
  let [n, sum] = [0, 0]
  for (let at = 0; at < evidence.n.length; at += 1) {
    n += evidence.n[at] as number
    sum += evidence.sum[at] as number
  }
  return n > 0 ? sum / n : 0.5
}

/** Scores are at most 1; sums of them are not exact. */
const mostWorth = 1 + 1e-6

/**
 * A failure without a score is worth 0. Scores stand for the calls that nobody scored, too; where there are none, each
 * success is worth `success`. What is no number, as damaged statistics may hold, says nothing.
 */
function weigh({ sums, derived: { forgotten } }: ArmRecord, success: number, at: number, evidence: Evidence): void {
  const calls = sums.calls - forgotten.calls
  const scores = sums.quality.n - forgotten.scores
  const scorable = scores > 0 ? calls - (sums.unscored_failures - forgotten.unscored_failures) : 0
  let n = calls
  let sum = (calls - (sums.failures - forgotten.failures)) * success
  if (scorable > 0) {
    n = (scores * calls) / scorable
    sum = sums.quality.sum - forgotten.score
  }
  const isSound = n > 0 && n < Infinity && sum >= 0 && sum <= n * mostWorth
  evidence.n[at] = isSound ? n : 0
  evidence.sum[at] = isSound ? sum : 0
}

function update({ mean, strength }: QualityBeliefs, at: number, evidence: Evidence): void {
  const n = evidence.n[at] as number
  if (n === 0) return
  const before = mean[at] as number
  const sure = (strength[at] as number) + n
  strength[at] = sure
  mean[at] = within(before + ((evidence.sum[at] as number) - n * before) / sure)
}

function within(mean: number): number {
  return mean < 0 ? 0 : mean > 1 ? 1 : mean
}

/**
 * What a success without a score is worth of each arm: the mean of its scores, else that of the others', else 1
 * (ruling 41: where nothing is ever scored, quality is the success rate).
 */
function worthOfSuccesses(records: readonly ArmRecord[]): Float64Array {
  const worth = new Float64Array(records.length)
  let [sum, n] = [0, 0]
  for (let at = 0; at < records.length; at += 1) {
    const { sums, derived } = records[at] as ArmRecord
    const scores = sums.quality.n - derived.forgotten.scores
    worth[at] = scores > 0 ? (sums.quality.sum - derived.forgotten.score) / scores : -1
    if (scores > 0) {
      sum += worth[at] as number
      n += 1
    }
  }
  const others = n === 0 ? 1 : sum / n
  for (let at = 0; at < worth.length; at += 1) if (worth[at] === -1) worth[at] = others
  return worth
}
