/** One strategy for the first `explore_calls` calls of an agent, another one after: UCB1 and Thompson sampling. */
import type { PickContext, Strategy } from '../strategy.ts'

export function createAdaptive(first: Strategy, then: Strategy): Strategy {
  const now = ({ turn, policy }: PickContext) => (turn < policy.explore_calls ? first : then)
  return {
    pick: (arms, statistics, context, random) => now(context).pick(arms, statistics, context, random),
    propensities: (arms, statistics, context, random) => now(context).propensities(arms, statistics, context, random),
  }
}
