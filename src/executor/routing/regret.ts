/** What a strategy loses on arms of known worth while it learns: the measure by which bandits are compared. */
import { defaultRouting, type RoutingPolicy } from '../../domain/routing.ts'
import { seededRandom } from '../../std/random.ts'
import { emptyRecord, observe, statisticsBy } from './statistics.ts'
import type { Arm, Strategy } from './strategy.ts'

export interface BanditInstance {
  /** How probable each arm is to succeed. */
  means: readonly number[]
  calls: number
}

/** Σ (greatest mean − mean of the chosen arm) over a run from nothing; the same seed gives the same run. */
export function regretOf(
  strategy: Strategy,
  { means, calls }: BanditInstance,
  seed: number,
  changes: Partial<RoutingPolicy> = {},
): number {
  const random = seededRandom(seed)
  const policy = { ...defaultRouting, ...changes }
  const arms: Arm[] = means.map((_, at) => ({
    candidate: at,
    key: `arm/${at}`,
    cost_usd: null,
    latency_ms: null,
    pending: 0,
  }))
  const records = new Map(arms.map(({ key }) => [key, emptyRecord()]))
  const nothing = emptyRecord()
  const statistics = statisticsBy((key) => records.get(key) ?? nothing)
  const context = { key: '', policy, turn: 0 }
  const best = Math.max(...means)
  let regret = 0
  for (; context.turn < calls; context.turn += 1) {
    const { chosen } = strategy.pick(arms, statistics, context, random)
    const mean = means[chosen] as number
    regret += best - mean
    observe(statistics.of((arms[chosen] as Arm).key), { succeeded: random() < mean }, policy)
  }
  return regret
}
