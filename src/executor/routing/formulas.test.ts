import { describe, expect, test } from 'vitest'
import { defaultRouting, type RoutingPolicy, type StrategyName } from '../../domain/routing.ts'
import { seededRandom } from '../../std/random.ts'
import { type ArmRecord, emptyRecord, type Observation, observe, statisticsBy } from './statistics.ts'
import { strategies } from './strategy-table.ts'
import type { Arm } from './strategy.ts'
import { utility } from './utility.ts'

type Name = StrategyName

interface Setup extends Partial<Arm> {
  seen?: Observation[]
}

/** Arms with what was seen of each, and how `name` chooses among them. */
function choosing(name: Name, setups: readonly Setup[], changes: Partial<RoutingPolicy> = {}, turn = 0) {
  const policy = { ...defaultRouting, ...changes }
  const records = new Map<string, ArmRecord>()
  const arms = setups.map(({ seen = [], ...given }, candidate) => {
    const arm: Arm = { candidate, key: `m${candidate}`, cost_usd: null, latency_ms: null, pending: 0, ...given }
    const record = emptyRecord()
    for (const each of seen) observe(record, each, policy)
    records.set(arm.key, record)
    return arm
  })
  const statistics = statisticsBy((key) => records.get(key) ?? emptyRecord())
  const context = { key: '', policy, turn }
  return {
    ...strategies[name].pick(arms, statistics, context, seededRandom(1)),
    chances: strategies[name].propensities(arms, statistics, context, seededRandom(1)),
  }
}

const good: Observation = { succeeded: true }
const bad: Observation = { succeeded: false }
const times = (count: number, what: Observation) => Array.from({ length: count }, () => what)

describe('ucb1', () => {
  test('adds to each mean what is uncertain of it', () => {
    const { scores } = choosing('ucb1', [{ seen: [...times(3, good), bad] }, { seen: times(2, good) }])
    expect(scores[0]).toBeCloseTo(0.75 + Math.SQRT2 * Math.sqrt(Math.log(6) / 4), 12)
    expect(scores[1]).toBeCloseTo(1 + Math.SQRT2 * Math.sqrt(Math.log(6) / 2), 12)
  })

  test('takes each arm once first', () => {
    const seen = times(1, good)
    expect(choosing('ucb1', [{ seen }, {}, { seen }]).chosen).toBe(1)
    expect(choosing('ucb1', [{ seen }, { pending: 1 }, {}]).chosen).toBe(2)
  })

  test('explores less with a smaller ucb_alpha', () => {
    const setups = [{ seen: [...times(80, good), ...times(20, bad)] }, { seen: [...times(7, good), ...times(3, bad)] }]
    expect(choosing('ucb1', setups).chosen).toBe(1)
    expect(choosing('ucb1', setups, { ucb_alpha: 0 }).chosen).toBe(0)
  })
})

describe('Quality', () => {
  const seen = [{ succeeded: true, quality: 0.2 }, good, bad]

  test('is the success rate while nothing was scored', () => {
    expect(choosing('ucb1', [{ seen: [good, good, bad, bad, bad] }], { ucb_alpha: 0 }).scores[0]).toBeCloseTo(0.4, 12)
  })

  test('is the mean of scores, and of failures as 0, when something was', () => {
    expect(choosing('ucb1', [{ seen }], { ucb_alpha: 0 }).scores[0]).toBeCloseTo(0.1, 12)
  })

  test('counts a failure that was scored once', () => {
    const scored = [
      { succeeded: false, quality: 0.3 },
      { succeeded: true, quality: 0.9 },
    ]
    expect(choosing('ucb1', [{ seen: scored }], { ucb_alpha: 0 }).scores[0]).toBeCloseTo(0.6, 12)
  })
})

describe('score', () => {
  const policy = { weights: { cost: 1, latency: 1, quality: 2 }, cost_ref_usd: 0.1, latency_slo_ms: 1000 }

  test('weighs moving averages by the policy, with the cost of this call', () => {
    const seen = [
      { succeeded: true, quality: 1, latency_ms: 1000, cost_usd: 9 },
      { succeeded: true, quality: 0.5, latency_ms: 2000, cost_usd: 9 },
    ]
    const { scores } = choosing('score', [{ seen, cost_usd: 0.02 }], { ...policy, ema_alpha: 0.25 })
    const [quality, latency] = [1 - 0.25 * 0.5, 1250]
    expect(scores[0]).toBeCloseTo((2 * quality + (1 - 0.2) + (1 - latency / 1000)) / 4, 12)
  })

  test('follows new observations faster with a greater ema_alpha', () => {
    const setups = [{ seen: [...times(20, good), bad] }, { seen: [...times(20, bad), ...times(4, good)] }]
    expect(choosing('score', setups, { ...policy, ema_alpha: 0.1 }).chosen).toBe(0)
    expect(choosing('score', setups, { ...policy, ema_alpha: 0.9 }).chosen).toBe(1)
  })

  test('follows the weights', () => {
    const cheap = { cost_usd: 0.001, seen: [{ ...good, quality: 0.5, latency_ms: 900 }] }
    const fine = { cost_usd: 0.05, seen: [{ ...good, quality: 0.9, latency_ms: 900 }] }
    const only = (weights: RoutingPolicy['weights']) => choosing('score', [cheap, fine], { weights }).chosen
    expect(only({ cost: 1, latency: 0, quality: 0 })).toBe(0)
    expect(only({ cost: 0, latency: 0, quality: 1 })).toBe(1)
  })

  test('tries what is new', () => {
    expect(choosing('score', [{ seen: times(5, good), latency_ms: 10 }, {}], policy).chosen).toBe(1)
  })
})

test('The utility is measured by fixed references, at most 1, and counts what is unknown as the reference', () => {
  const policy = { weights: { cost: 1, latency: 1, quality: 1 } }
  expect(utility(1, 0, 0, policy)).toBe(1)
  expect(utility(0.5, 0.05, 5000, policy)).toBeCloseTo(0.5 / 3, 12)
  expect(utility(0.5, null, null, policy)).toBeCloseTo(0.5 / 3, 12)
  expect(utility(0.5, 0.2, 5000, { ...policy, cost_ref_usd: 0.1 })).toBeCloseTo(-0.5 / 3, 12)
  expect(utility(0.5, 0, 0, { weights: { cost: 0, latency: 0, quality: 0 } })).toBe(0)
})

describe('thompson', () => {
  test('believes Beta(1 + S, 1 + F), fractions too', () => {
    // P(Beta(3, 1) > Beta(1, 1)) = ∫ 3x² · x dx = 3/4
    const { chances } = choosing('thompson', [{ seen: times(2, good) }, {}])
    expect(chances[0]).toBeCloseTo(0.75, 2)
    const half = [{ ...good, quality: 0.5 }]
    expect(choosing('thompson', [{ seen: half }, { seen: half }]).chances).toEqual([0.5, 0.5])
  })
})

describe('thompson_multi', () => {
  test('believes N((0.5 + Σu) / (n + 1), 1 / (n + 1)) of the weighted utility', () => {
    const weights = { cost: 1, latency: 0, quality: 1 }
    const seen = times(9, { succeeded: true, quality: 0.8, cost_usd: 0.02 })
    const { chances } = choosing('thompson_multi', [{ seen }, {}], { weights, cost_ref_usd: 0.1 })
    // Means 0.77 and 0.5, variances 1/10 and 1: Φ(0.27 / √1.1) = Φ(0.25743) = 0.60158
    expect(chances[0]).toBeCloseTo(0.60158, 2.5)
  })

  test('follows the weights', () => {
    const cheap = { seen: times(500, { ...good, quality: 0.3, cost_usd: 0 }) }
    const fine = { seen: times(500, { ...good, quality: 0.9, cost_usd: 0.2 }) }
    const chance = (weights: RoutingPolicy['weights']) =>
      choosing('thompson_multi', [cheap, fine], { weights }).chances[0]
    expect(chance({ cost: 1, latency: 0, quality: 0 })).toBeGreaterThan(0.99)
    expect(chance({ cost: 0, latency: 0, quality: 1 })).toBeLessThan(0.01)
  })
})

test.each(['ucb1', 'thompson', 'thompson_multi'] as const)('%s forgets what was long ago with a discount', (name) => {
  const broken = { seen: [...times(300, good), ...times(150, bad)] }
  const steady = { seen: [...times(225, good), ...times(225, bad)].map((_, at) => (at % 2 ? good : bad)) }
  const weights = { cost: 0, latency: 0, quality: 1 }
  const remembering = choosing(name, [broken, steady], { weights })
  const forgetting = choosing(name, [broken, steady], { weights, discount: 0.99 })
  expect(remembering.chances[0]).toBeGreaterThan(0.9)
  expect(forgetting.chances[0]).toBeLessThan(0.1)
})

test('adaptive explores as ucb1 for the first calls of the agent, and samples as thompson after', () => {
  const setups = [{ seen: times(3, good) }, { seen: [good, bad] }]
  const [first, then] = (['ucb1', 'thompson'] as const).map((name) => choosing(name, setups).chances)
  expect(choosing('adaptive', setups, {}, 19).chances).toEqual(first)
  expect(choosing('adaptive', setups, {}, 20).chances).toEqual(then)
  expect(choosing('adaptive', setups, { explore_calls: 5 }, 5).chances).toEqual(then)
})

test.each(['cheapest', 'cascade'] as const)('%s takes the least predicted cost, unknown ones last', (name) => {
  expect(choosing(name, [{}, { cost_usd: 0.2 }, { cost_usd: 0.1 }]).chosen).toBe(2)
  expect(choosing(name, [{}, { cost_usd: 5000 }]).chosen).toBe(1)
  expect(choosing(name, [{ cost_usd: 0 }, { cost_usd: 0, pending: -1 }]).chosen).toBe(1)
})

test('fastest takes the least predicted latency, what is new first and what only failed last', () => {
  expect(choosing('fastest', [{ latency_ms: 20 }, { latency_ms: 10 }]).chosen).toBe(1)
  expect(choosing('fastest', [{ latency_ms: 20 }, {}]).chosen).toBe(1)
  expect(choosing('fastest', [{ latency_ms: 9e9 }, { seen: times(3, bad) }]).chosen).toBe(0)
})

test('round_robin takes each in turn', () => {
  const picks = [0, 1, 2, 3, 4].map((turn) => choosing('round_robin', [{}, {}, {}], {}, turn).chosen)
  expect(picks).toEqual([0, 1, 2, 0, 1])
})
