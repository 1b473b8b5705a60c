/** As written: the first that may still be tried. */
import type { Strategy } from '../strategy.ts'

export const order: Strategy = {
  pick: (arms) => ({ chosen: 0, scores: arms.map((_, index) => -index) }),
  propensities: (arms) => arms.map((_, index) => (index === 0 ? 1 : 0)),
}
