/** The arm with the greatest score; of equals the one with fewer calls in flight, then the one written first. */
import type { Arm, Pick } from './strategy.ts'

/** Of a score that is no number, which comes of damaged statistics: such an arm is taken when there is no other. */
const lowest = -Number.MAX_VALUE

/** Takes the scores over, and puts the lowest number in the place of what is not finite. */
export function greatest(arms: readonly Arm[], scores: number[]): Pick {
  let chosen = 0
  for (let at = 0; at < scores.length; at += 1) {
    if (!Number.isFinite(scores[at])) scores[at] = lowest
    if (at > 0 && isBetter(at, chosen)) chosen = at
  }
  return { chosen, scores }

  function isBetter(at: number, than: number): boolean {
    const [score, best] = [scores[at] as number, scores[than] as number]
    if (score !== best) return score > best
    return (arms[at] as Arm).pending < (arms[than] as Arm).pending
  }
}
