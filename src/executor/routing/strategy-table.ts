/** Every strategy by its name in a configuration. */
import type { StrategyName } from '../../domain/routing.ts'
import { createAdaptive } from './strategies/adaptive.ts'
import { cheapest } from './strategies/cheapest.ts'
import { fastest } from './strategies/fastest.ts'
import { learned } from './strategies/learned.ts'
import { order } from './strategies/order.ts'
import { roundRobin } from './strategies/round-robin.ts'
import { score } from './strategies/score.ts'
import { thompsonMulti } from './strategies/thompson-multi.ts'
import { thompson } from './strategies/thompson.ts'
import { ucb1 } from './strategies/ucb1.ts'
import type { Strategy } from './strategy.ts'

export const strategies = {
  learned,
  score,
  ucb1,
  thompson,
  thompson_multi: thompsonMulti,
  adaptive: createAdaptive(ucb1, thompson),
  cheapest,
  fastest,
  round_robin: roundRobin,
  // Among those not yet tried; whether an answer is good enough is not the strategy's to say.
  cascade: cheapest,
  order,
} satisfies Record<StrategyName, Strategy>
