/** A strategy without chance: the arm with the greatest score is certain. */
import { greatest } from './greatest.ts'
import type { Statistics } from './statistics.ts'
import type { Arm, PickContext, Strategy } from './strategy.ts'

export type Scoring = (arms: readonly Arm[], statistics: Statistics, context: PickContext) => number[]

export function byScore(scoresOf: Scoring): Strategy {
  return {
    pick: (arms, statistics, context) => greatest(arms, scoresOf(arms, statistics, context)),
    propensities(arms, statistics, context) {
      const { chosen } = greatest(arms, scoresOf(arms, statistics, context))
      return arms.map((_, at) => (at === chosen ? 1 : 0))
    },
  }
}
