/** What is believed of an arm's quality: its posterior mean, and how many observations that is worth. */
import { type ArmRecord, countedTally } from './statistics.ts'

export interface QualityBelief {
  /** In [0, 1]. */
  mean: number
  strength: number
}

/** Of a model of which nothing is known. */
export const flatPrior: QualityBelief = { mean: 0.5, strength: 2 }

/**
 * The posterior of an arm in its innermost context. All calls of the arm are weighed against `prior`; each context's
 * own calls, from the outermost in, against what was believed outside of it, worth at most `prior_strength` of them.
 */
export function believe(
  arm: ArmRecord,
  contexts: readonly ArmRecord[],
  prior: QualityBelief,
  { prior_strength }: { prior_strength: number },
  worthOfSuccess: number,
): QualityBelief {
  const own = meanScore(arm) ?? worthOfSuccess
  let belief = updated(prior, arm, own)
  for (const context of contexts) {
    const outer = { mean: belief.mean, strength: Math.min(prior_strength, belief.strength) }
    const isVoid = context.derived.changes < arm.derived.changes
    belief = isVoid ? outer : updated(outer, context, own)
  }
  return belief
}

/** Of the calls that still count; null without a score. */
export function meanScore(record: ArmRecord): number | null {
  const { scores, score } = countedTally(record)
  return scores > 0 ? score / scores : null
}

/**
 * A failure without a score is worth 0. Scores stand for the calls that nobody scored, too; where there are none, each
 * success is worth `worthOfSuccess` (ruling 41: 1, where nothing is ever scored).
 */
function updated(prior: QualityBelief, record: ArmRecord, worthOfSuccess: number): QualityBelief {
  const { calls, failures, unscored_failures, scores, score } = countedTally(record)
  const scorable = calls - unscored_failures
  const isScored = scores > 0 && scorable > 0
  const n = isScored ? (scores * calls) / scorable : calls
  const sum = isScored ? score : (calls - failures) * worthOfSuccess
  const strength = prior.strength + n
  return { mean: n === 0 ? prior.mean : prior.mean + (sum - n * prior.mean) / strength, strength }
}
