import { describe, expect, test } from 'vitest'
import { defaultRouting } from '../../domain/routing.ts'
import { seededRandom } from '../../std/random.ts'
import { emptyRecord, observe } from './statistics.ts'
import { order } from './strategies/order.ts'
import type { Arm, Strategy } from './strategy.ts'

const strategies: Record<string, Strategy> = { order }
const arms: Arm[] = ['a/a', 'b/b', 'c/c'].map((key, candidate) => {
  return { candidate, key, cost_usd: null, latency_ms: null, pending: 0 }
})
const context = { key: '', policy: defaultRouting, turn: 0 }
const nothing = emptyRecord()

describe.each(Object.entries(strategies))('The strategy %s', (_, strategy) => {
  test('picks one of the arms, with a score for each', () => {
    const { chosen, scores } = strategy.pick(arms, { of: () => nothing }, context, seededRandom(1))
    expect(arms[chosen]).toBeDefined()
    expect(scores).toHaveLength(arms.length)
    expect(Math.max(...scores)).toBe(scores[chosen])
  })

  test('says how probable each arm was, adding up to 1', () => {
    const propensities = strategy.propensities(arms, { of: () => nothing }, context, seededRandom(1))
    expect(propensities.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 9)
  })
})

test('A record keeps sums and moving averages of what it observes', () => {
  const record = emptyRecord()
  observe(record, { succeeded: true, quality: 0.5, latency_ms: 100, cost_usd: 0.01 }, defaultRouting)
  observe(record, { succeeded: false, latency_ms: 200, cost_usd: null }, defaultRouting)
  expect(record.sums).toEqual({
    calls: 2,
    failures: 1,
    unscored_failures: 1,
    quality: { n: 1, sum: 0.5, squares: 0.25 },
    latency: { n: 2, sum: 300, squares: 50_000 },
    cost: { n: 1, sum: 0.01, squares: 0.0001 },
  })
  expect(record.derived.ema).toEqual({ quality: 0.35, latency_ms: 130, cost_usd: 0.01 })
})
