/**
 * What statistics say of an arm's quality: how many observations, and what they add up to. Scores count where there
 * are some, with failures that nobody scored as 0; without any score, quality is the success rate (ruling 41). What was
 * forgotten, by a discount γ < 1 or a change point, no longer counts.
 */
import type { ArmRecord } from './statistics.ts'

export function observations({ sums, derived: { forgotten } }: ArmRecord): number {
  const scores = sums.quality.n - forgotten.scores
  return scores > 0 ? scores + sums.unscored_failures - forgotten.unscored_failures : sums.calls - forgotten.calls
}

/** Their sum, each in [0, 1]. */
export function worth({ sums, derived: { forgotten } }: ArmRecord): number {
  if (sums.quality.n - forgotten.scores > 0) return sums.quality.sum - forgotten.score
  return sums.calls - sums.failures - (forgotten.calls - forgotten.failures)
}
