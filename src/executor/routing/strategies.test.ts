import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultRouting } from '../../domain/routing.ts'
import { seededRandom } from '../../std/random.ts'
import { type ArmRecord, emptyRecord, observe, type Statistics, statisticsBy } from './statistics.ts'
import { strategies } from './strategy-table.ts'
import type { Arm, PickContext, Strategy } from './strategy.ts'

const context: PickContext = { key: 'task=a', policy: defaultRouting, turn: 0 }
const nothing = emptyRecord()
const noStatistics = statisticsBy(() => nothing)

/** Strategies that go by more than position. */
const judging = Object.entries<Strategy>(strategies).filter(([name]) => name !== 'order' && name !== 'round_robin')

describe.each(Object.entries<Strategy>(strategies))('The strategy %s', (_, strategy) => {
  test('picks one of the arms, with a finite score for each, of which it has the greatest', () => {
    fc.assert(
      fc.property(situations, fc.nat(), fc.nat(100), ({ arms, statistics }, seed, turn) => {
        const { chosen, scores } = strategy.pick(arms, statistics, { ...context, turn }, seededRandom(seed))
        expect(arms[chosen]).toBeDefined()
        expect(scores).toHaveLength(arms.length)
        expect(scores.every(Number.isFinite)).toBe(true)
        expect(scores[chosen]).toBe(Math.max(...scores))
      }),
    )
  })

  test('says how probable each arm was, adding up to 1 and over 0 for what it picked', () => {
    fc.assert(
      fc.property(situations, fc.nat(), fc.nat(100), ({ arms, statistics }, seed, turn) => {
        const chances = strategy.propensities(arms, statistics, { ...context, turn }, seededRandom(seed))
        expect(chances.every((chance) => chance >= 0 && chance <= 1)).toBe(true)
        expect(chances.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 9)
        const { chosen } = strategy.pick(arms, statistics, { ...context, turn }, seededRandom(seed + 1))
        expect(chances[chosen]).toBeGreaterThan(0)
      }),
      { numRuns: 50 },
    )
  })

  test('picks each arm as often as it says', () => {
    const { arms, statistics } = situation([
      { successes: 8, failures: 3, cost_usd: 0.02, latency_ms: 900 },
      { successes: 30, failures: 18, cost_usd: 0.03, latency_ms: 700 },
      { successes: 1, failures: 1, cost_usd: 0.01, latency_ms: 2000 },
    ])
    for (const turn of [0, 500]) {
      const now = { ...context, turn }
      const chances = strategy.propensities(arms, statistics, now, seededRandom(1))
      const random = seededRandom(2)
      const picks = 8000
      const picked = arms.map(() => 0)
      for (let pick = 0; pick < picks; pick += 1) {
        const { chosen } = strategy.pick(arms, statistics, now, random)
        picked[chosen] = (picked[chosen] as number) + 1
      }
      for (const [at, count] of picked.entries())
        expect(Math.abs(count / picks - (chances[at] as number))).toBeLessThan(0.04)
    }
  })

  test('picks the same for the same seed, and only reads statistics', () => {
    fc.assert(
      fc.property(situations, fc.nat(), ({ arms, statistics }, seed) => {
        const before = JSON.stringify(arms.map(({ key }) => statistics.of(key)))
        const pick = () => strategy.pick(arms, statistics, context, seededRandom(seed))
        expect(pick()).toEqual(pick())
        const chances = () => strategy.propensities(arms, statistics, context, seededRandom(seed))
        expect(chances()).toEqual(chances())
        expect(JSON.stringify(arms.map(({ key }) => statistics.of(key)))).toBe(before)
      }),
      { numRuns: 50 },
    )
  })

  test('does with a single arm, and with nothing known', () => {
    const arms = situation([{}]).arms
    expect(strategy.pick(arms, noStatistics, context, seededRandom(1)).chosen).toBe(0)
    expect(strategy.propensities(arms, noStatistics, context, seededRandom(1))).toEqual([1])
  })

  test('chooses the same when money and time are counted in other units', () => {
    fc.assert(
      fc.property(situations, fc.nat(), ({ arms, statistics }, seed) => {
        const [money, time] = [1024, 1 / 64]
        const here = { ...defaultRouting, cost_ref_usd: 0.5, latency_slo_ms: 4096 }
        const there = { ...here, cost_ref_usd: 0.5 * money, latency_slo_ms: 4096 * time }
        const scaled = arms.map((arm) => ({
          ...arm,
          cost_usd: arm.cost_usd === null ? null : arm.cost_usd * money,
          latency_ms: arm.latency_ms === null ? null : arm.latency_ms * time,
        }))
        const other = statisticsBy((key) => inUnits(statistics.of(key), money, time))
        const pick = strategy.pick(arms, statistics, { ...context, policy: here }, seededRandom(seed))
        const again = strategy.pick(scaled, other, { ...context, policy: there }, seededRandom(seed))
        expect(again.chosen).toBe(pick.chosen)
      }),
    )
  })

  test('survives statistics and predictions that are no numbers', () => {
    const bad = fc.constantFrom(Number.NaN, Infinity, -Infinity, -1, 0, 1e308)
    const moments = fc.record({ n: bad, sum: bad, squares: bad })
    const tally = fc.record({ calls: bad, failures: bad, unscored_failures: bad, scores: bad, score: bad })
    const record: fc.Arbitrary<ArmRecord> = fc.record({
      sums: fc.record({
        calls: bad,
        failures: bad,
        unscored_failures: bad,
        quality: moments,
        latency: moments,
        cost: moments,
      }),
      derived: fc.record({
        ema: fc.record({ quality: bad, latency_ms: bad, cost_usd: bad }),
        forgotten: tally,
        drop: bad,
        since: tally,
        changes: bad,
      }),
    })
    const damaged = fc.record({ record, cost_usd: bad, latency_ms: bad })
    fc.assert(
      fc.property(fc.array(damaged, { minLength: 1, maxLength: 5 }), (given) => {
        const arms = situation(given.map(() => ({}))).arms.map((arm, at) => {
          return { ...arm, cost_usd: given[at]?.cost_usd ?? null, latency_ms: given[at]?.latency_ms ?? null }
        })
        const statistics = statisticsBy((key) => given[Number(key.slice(1))]?.record ?? nothing)
        const { chosen, scores } = strategy.pick(arms, statistics, context, seededRandom(1))
        expect(arms[chosen]).toBeDefined()
        expect(scores.every(Number.isFinite)).toBe(true)
        const chances = strategy.propensities(arms, statistics, context, seededRandom(1))
        expect(chances.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 9)
      }),
    )
  })

  test('looks each arm up once for a pick, and once more for its context at most', () => {
    let asked = 0
    const counting = statisticsBy(() => {
      asked += 1
      return nothing
    })
    const { arms } = situation(Array.from({ length: 50 }, () => ({})))
    strategy.pick(arms, counting, context, seededRandom(1))
    expect(asked).toBeLessThanOrEqual(2 * arms.length)
  })
})

describe.each(judging)('The strategy %s, by what it knows,', (_, strategy) => {
  test('takes the one with fewer calls in flight of equals, or either with the same chance', () => {
    const record = { successes: 5, failures: 2, cost_usd: 0.01, latency_ms: 100 }
    const { arms, statistics } = situation([{ ...record, pending: 2 }, { ...record, pending: 1 }, record, record])
    const chances = strategy.propensities(arms, statistics, context, seededRandom(1))
    if (chances.includes(1)) expect(chances).toEqual([0, 0, 1, 0])
    // A strategy that counts calls in flight may prefer the idle ones.
    else expect(chances[2]).toBeGreaterThan(0.2)
  })

  test('rarely picks what is worse, dearer and slower, and known well', () => {
    const quality = fc.double({ min: 0, max: 0.4, noNaN: true })
    fc.assert(
      fc.property(quality, fc.double({ min: 1.5, max: 10, noNaN: true }), fc.nat(1), (worse, times, at) => {
        const calls = 4000
        const bad = { cost_usd: 0.02 * times, latency_ms: 2000 * times, ...counts(worse, calls) }
        const good = { cost_usd: 0.02, latency_ms: 2000, ...counts(worse + 0.4, calls) }
        const { arms, statistics } = situation(at === 0 ? [bad, good] : [good, bad])
        const chances = strategy.propensities(arms, statistics, { ...context, turn: calls }, seededRandom(1))
        expect(chances[at]).toBeLessThan(0.05)
      }),
      { numRuns: 30 },
    )
  })

  test('chooses among the same arms in another order as it did before', () => {
    fc.assert(
      fc.property(situations, fc.nat(20), ({ arms, statistics }, by) => {
        fc.pre(!hasEquals(arms, statistics))
        const moved = arms.map((_, at) => arms[(at + by) % arms.length] as Arm)
        const before = strategy.propensities(arms, statistics, context, seededRandom(1))
        const after = strategy.propensities(moved, statistics, context, seededRandom(1))
        for (const [at, arm] of moved.entries()) expect(after[at]).toBeCloseTo(before[arms.indexOf(arm)] as number, 1)
      }),
      { numRuns: 50 },
    )
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

interface Given {
  successes?: number
  failures?: number
  cost_usd?: number | null
  latency_ms?: number | null
  pending?: number
}

/** Arms that were observed so often, each time with this cost and latency, which are also predicted. */
function situation(given: readonly Given[]): { arms: Arm[]; statistics: Statistics } {
  const records = new Map<string, ArmRecord>()
  const arms = given.map(({ successes = 0, failures = 0, cost_usd = null, latency_ms = null, pending = 0 }, at) => {
    const record = emptyRecord()
    for (let call = 0; call < successes + failures; call += 1) {
      const succeeded = (call * successes) % (successes + failures) < successes
      observe(record, { succeeded, cost_usd, ...(latency_ms === null ? {} : { latency_ms }) }, defaultRouting)
    }
    records.set(`m${at}`, record)
    return { candidate: at, key: `m${at}`, cost_usd, latency_ms, pending }
  })
  return { arms, statistics: statisticsBy((key) => records.get(key) ?? nothing) }
}

const situations = fc
  .array(
    fc.record({
      successes: fc.nat(40),
      failures: fc.nat(40),
      cost_usd: fc.option(fc.nat(2000).map((mills) => mills / 1000)),
      latency_ms: fc.option(fc.nat(20_000)),
      pending: fc.nat(3),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map(situation)

function counts(quality: number, calls: number) {
  const successes = Math.round(quality * calls)
  return { successes, failures: calls - successes }
}

/** Whether position might decide between two: what they are chosen by is the same. */
function hasEquals(arms: readonly Arm[], statistics: Statistics): boolean {
  const parts = arms.map(({ key, cost_usd, latency_ms }) => {
    const { calls, failures } = statistics.of(key).sums
    return [
      `cost ${cost_usd}`,
      `latency ${latency_ms}`,
      `calls ${calls === 0 ? 0 : (calls - failures) / calls} ${calls}`,
    ]
  })
  return [0, 1, 2].some((part) => new Set(parts.map((each) => each[part])).size < arms.length)
}

function inUnits({ sums, derived }: ArmRecord, money: number, time: number): ArmRecord {
  const scaled = ({ n, sum, squares }: ArmRecord['sums']['cost'], unit: number) => {
    return { n, sum: sum * unit, squares: squares * unit * unit }
  }
  const { quality, latency_ms, cost_usd } = derived.ema
  return {
    sums: { ...sums, latency: scaled(sums.latency, time), cost: scaled(sums.cost, money) },
    derived: {
      ...derived,
      ema: {
        quality,
        latency_ms: latency_ms === null ? null : latency_ms * time,
        cost_usd: cost_usd === null ? null : cost_usd * money,
      },
    },
  }
}
