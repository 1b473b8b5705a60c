/**
 * What statistics say of an arm's quality: how many observations, and what they add up to. Scores count where there
 * are some, with failures that nobody scored as 0; without any score, quality is the success rate (ruling 41). With a
 * discount γ < 1, older observations have lost their weight, and success stands in for each missing score.
 */
import type { ArmRecord } from './statistics.ts'

export function observations({ sums, derived }: ArmRecord, discount: number): number {
  if (discount < 1) return derived.recent.n
  const { calls, failures, quality } = sums
  return quality.n === 0 ? calls : Math.max(quality.n, Math.min(calls, quality.n + failures))
}

/** Their sum, each in [0, 1]. */
export function worth({ sums, derived }: ArmRecord, discount: number): number {
  if (discount < 1) return derived.recent.sum
  return sums.quality.n === 0 ? sums.calls - sums.failures : sums.quality.sum
}
