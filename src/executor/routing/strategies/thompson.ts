/**
 * Thompson sampling (Thompson 1933; Agrawal and Goyal 2012): the greatest of samples of Beta(1 + S, 1 + F), one of each arm,
 * where S is the sum of its quality and F what was missing to 1; both may be fractions. For more than 30 observations
 * a normal approximation is drawn. With `discount` γ < 1, S and F are discounted (Raj and Kalyani 2017), and an arm is never
 * surer than 1 / (1 − γ) observations.
 */
import { beta, nearBeta } from '../../../std/variates.ts'
import { betaBelief, chancesOfGreatest } from '../chances.ts'
import { greatest } from '../greatest.ts'
import { observations, worth } from '../seen.ts'
import type { Strategy } from '../strategy.ts'

/** More observations than these, and an approximation is as good. */
const fewest = 30

export const thompson: Strategy = {
  pick(arms, statistics, _, random) {
    const samples = arms.map(({ key }) => {
      const record = statistics.of(key)
      const n = observations(record)
      const successes = worth(record)
      return (n > fewest ? nearBeta : beta)(1 + successes, 1 + n - successes, random)
    })
    return greatest(arms, samples)
  },

  propensities(arms, statistics) {
    const beliefs = arms.map(({ key }) => {
      const record = statistics.of(key)
      const successes = worth(record)
      return betaBelief(1 + successes, 1 + observations(record) - successes)
    })
    return chancesOfGreatest(beliefs)
  },
}
