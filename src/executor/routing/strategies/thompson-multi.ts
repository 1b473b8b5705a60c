/**
 * Thompson sampling of one utility made of quality, cost and latency (`utility.ts`): the greatest of samples of
 * N(m, 1 / (n + 1)), one of each arm, with m = (0.5 + Σu) / (n + 1): the posterior of a mean whose noise has a standard
 * deviation of 1, under the prior N(0.5, 1). With `discount` γ < 1, quality and n are discounted.
 */
import type { RoutingPolicy } from '../../../domain/routing.ts'
import { normal } from '../../../std/variates.ts'
import { chancesOfGreatest, normalBelief } from '../chances.ts'
import { greatest } from '../greatest.ts'
import { observations, worth } from '../seen.ts'
import type { ArmRecord, Moments } from '../statistics.ts'
import type { Strategy } from '../strategy.ts'
import { utility } from '../utility.ts'

const prior = { mean: 0.5, strength: 1 }

export const thompsonMulti: Strategy = {
  pick(arms, statistics, { policy }, random) {
    const samples = arms.map(({ key }) => {
      const record = statistics.of(key)
      const n = observations(record)
      return posteriorMean(record, n, policy) + normal(random) / Math.sqrt(n + prior.strength)
    })
    return greatest(arms, samples)
  },

  propensities(arms, statistics, { policy }) {
    const beliefs = arms.map(({ key }) => {
      const record = statistics.of(key)
      const n = observations(record)
      return normalBelief(posteriorMean(record, n, policy), 1 / Math.sqrt(n + prior.strength))
    })
    return chancesOfGreatest(beliefs)
  },
}

function posteriorMean(record: ArmRecord, n: number, policy: RoutingPolicy): number {
  if (n === 0) return prior.mean
  const { cost, latency } = record.sums
  const mean = utility(worth(record) / n, meanOf(cost), meanOf(latency), policy)
  return (prior.mean * prior.strength + mean * n) / (prior.strength + n)
}

function meanOf({ n, sum }: Moments): number | null {
  return n === 0 ? null : sum / n
}
