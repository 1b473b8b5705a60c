import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultRouting, type RoutingPolicy } from '../../../domain/routing.ts'
import { seededRandom } from '../../../std/random.ts'
import { createArmTable } from '../arm-table.ts'
import { learn } from '../learn.ts'
import { type ArmRecord, type Moments, type Statistics, statisticsBy } from '../statistics.ts'
import type { Arm, PickContext } from '../strategy.ts'
import { learned } from './learned.ts'

/** Calls of one arm in one context. */
interface Past {
  quality: number[]
  context: string
}

const key = 'task=a step=b'
const policy: RoutingPolicy = { ...defaultRouting, cost_ref_usd: 0.01, latency_slo_ms: 1_000, change_point: false }

function chances(pasts: readonly Past[][], arms: readonly Partial<Arm>[], given: Partial<PickContext> = {}): number[] {
  return chancesBy(remember(pasts), arms, given)
}

function remember(pasts: readonly Past[][], used = policy): Statistics {
  const table = createArmTable()
  for (const [at, past] of pasts.entries())
    for (const { quality, context } of past)
      for (const each of quality) learn(table.records(`m${at}`, context), { succeeded: true, quality: each }, used)
  return table
}

function chancesBy(statistics: Statistics, arms: readonly Partial<Arm>[], given: Partial<PickContext> = {}): number[] {
  const whole = arms.map((arm, candidate) => {
    return { candidate, key: `m${candidate}`, cost_usd: 0.001, latency_ms: 500, pending: 0, ...arm }
  })
  return learned.propensities(whole, statistics, { key, policy, turn: 0, ...given }, seededRandom(1))
}

const quality = fc.array(fc.constantFrom(0, 0.25, 0.5, 0.9, 1), { maxLength: 15 })
const past = fc.array(fc.record({ quality, context: fc.constantFrom(key, 'task=a', 'task=c', '') }), { maxLength: 4 })
const pasts = fc.array(past, { minLength: 2, maxLength: 4 })
/** In other contexts than that of the call. */
const pastElsewhere = fc.array(fc.record({ quality, context: fc.constantFrom('task=c', '') }), { maxLength: 4 })
const pastsElsewhere = fc.array(pastElsewhere, { minLength: 2, maxLength: 4 })
const some = { numRuns: 60 }

/** Of the integration. */
const tolerance = 1e-5

describe('The chance of an arm', () => {
  test('is no smaller for a better score, where no context shifts what is believed of all arms', () => {
    fc.assert(
      fc.property(pastsElsewhere, (before) => {
        const arms = before.map(() => ({}))
        const [first, ...rest] = before as [Past[], ...Past[][]]
        const pastsWith = (score: number) => [[...first, { quality: [score], context: '' }], ...rest]
        const [worse, better] = [chances(pastsWith(0.2), arms)[0], chances(pastsWith(0.9), arms)[0]]
        expect(better as number).toBeGreaterThanOrEqual((worse as number) - tolerance)
      }),
      some,
    )
  })

  test('is no greater for a higher cost, a longer latency, or a cost that is not known', () => {
    const usd = fc.double({ min: 0, max: 0.02, noNaN: true })
    const ms = fc.double({ min: 0, max: 5_000, noNaN: true })
    fc.assert(
      fc.property(pasts, usd, usd, ms, ms, (before, cost, more_cost, latency, more_latency) => {
        const others = before.slice(1).map(() => ({}))
        const chance = (arm: Partial<Arm>) => chances(before, [arm, ...others])[0] as number
        const cheap = chance({ cost_usd: cost, latency_ms: latency })
        expect(chance({ cost_usd: cost + more_cost, latency_ms: latency })).toBeLessThanOrEqual(cheap + tolerance)
        expect(chance({ cost_usd: cost, latency_ms: latency + more_latency })).toBeLessThanOrEqual(cheap + tolerance)
        expect(chance({ cost_usd: null, latency_ms: latency })).toBeLessThanOrEqual(
          chance({ cost_usd: Math.min(cost, 0.001), latency_ms: latency }) + tolerance,
        )
      }),
      some,
    )
  })

  test('is the same by the merged sums of two writers as by those of one', () => {
    fc.assert(
      fc.property(pasts, pasts, (mine, yours) => {
        const arms = [{}, {}]
        const pairs = [0, 1].map((at) => [...(mine[at] as Past[]), ...(yours[at] as Past[])])
        const [one, other] = [remember(mine), remember(yours)]
        const merged = statisticsBy((arm, context) => added(one.of(arm, context), other.of(arm, context)))
        for (const [at, chance] of chances(pairs, arms).entries())
          expect(chancesBy(merged, arms)[at]).toBeCloseTo(chance, 6)
      }),
      some,
    )
  })

  test('is that of picking it', () => {
    const statistics = remember([
      [{ quality: [1, 1, 0, 1], context: key }],
      [{ quality: [1, 0, 0], context: 'task=a' }],
      [{ quality: [], context: key }],
    ])
    const arms = [{}, { cost_usd: 0.004 }, { latency_ms: 2_000 }].map((arm, candidate) => {
      return { candidate, key: `m${candidate}`, cost_usd: 0.001, latency_ms: 500, pending: 0, ...arm }
    })
    const context = { key, policy, turn: 0 }
    const random = seededRandom(3)
    const picks = [0, 0, 0]
    for (let n = 0; n < 20_000; n += 1) {
      const { chosen } = learned.pick(arms, statistics, context, random)
      picks[chosen] = (picks[chosen] as number) + 1 / 20_000
    }
    for (const [at, chance] of learned.propensities(arms, statistics, context, random).entries())
      expect(picks[at]).toBeCloseTo(chance, 1.5)
  })
})

describe('How much a context counts', () => {
  const here: Past[][] = [
    [
      { quality: Array<number>(40).fill(1), context: 'task=c' },
      { quality: [0, 0, 0, 0, 0, 0], context: key },
    ],
    [
      { quality: Array<number>(40).fill(0.4), context: 'task=c' },
      { quality: [1, 1, 1, 1, 1, 1], context: key },
    ],
  ]
  const withStrength = (prior_strength: number) => chances(here, [{}, {}], { policy: { ...policy, prior_strength } })

  test('is all with a prior_strength of next to nothing, and hardly anything with a great one', () => {
    expect(withStrength(0.01)[1]).toBeGreaterThan(0.999)
    expect(withStrength(10_000)[0]).toBeGreaterThan(0.9)
  })

  test('is nothing to a call without context', () => {
    expect(chances(here, [{}, {}], { key: '' })[0]).toBeGreaterThan(0.95)
  })
})

describe('The weights of cost and latency', () => {
  const even: Past[][] = [
    [{ quality: Array<number>(100).fill(0.8), context: key }],
    [{ quality: Array<number>(100).fill(0.7), context: key }],
  ]
  test('decide between an arm that is better and one that is cheaper', () => {
    const arms = [{ cost_usd: 0.01 }, { cost_usd: 0.001 }]
    expect(chances(even, arms, { policy: { ...policy, cost_weight: 0 } })[0]).toBeGreaterThan(0.9)
    expect(chances(even, arms, { policy: { ...policy, cost_weight: 0.3 } })[1]).toBeGreaterThan(0.9)
    // A reference that is ten times as high makes cost matter a tenth.
    const inDimes = { ...policy, cost_weight: 0.3, cost_ref_usd: 0.1 }
    expect(chances(even, arms, { policy: inDimes })[0]).toBeGreaterThan(0.8)
  })

  test('let latency matter beyond the objective only', () => {
    const slow = { policy: { ...policy, latency_weight: 1 } }
    const within = chances(even, [{ latency_ms: 999 }, { latency_ms: 1 }], slow)
    expect(within[0]).toBeGreaterThan(0.9)
    expect(chances(even, [{ latency_ms: 1_400 }, { latency_ms: 1 }], slow)[1]).toBeGreaterThan(0.9)
    const unset = { policy: { ...policy, latency_weight: 1, latency_slo_ms: undefined as never } }
    expect(chances(even, [{ latency_ms: 99_000 }, { latency_ms: 1 }], unset)[0]).toBeGreaterThan(0.9)
  })

  test('measure cost by the dearest candidate where there is no reference', () => {
    const { cost_ref_usd: _, ...without } = policy
    const arms = [{ cost_usd: 5 }, { cost_usd: 0.5 }]
    expect(chances(even, arms, { policy: { ...without, cost_weight: 0.3 } })[1]).toBeGreaterThan(0.9)
  })
})

test('Calls in flight spread parallel picks: an unknown arm is explored less while it is being explored', () => {
  const known: Past[][] = [[{ quality: Array<number>(100).fill(0.7), context: key }], []]
  const chance = (pending: number) => chances(known, [{}, { pending }])[1] as number
  expect(chance(0)).toBeGreaterThan(0.9)
  expect(chance(2)).toBeLessThan(chance(0))
  expect(chance(8)).toBeLessThan(chance(2))
  const fresh = [[], [], []]
  const [first, second] = chances(fresh, [{ pending: 1 }, {}, {}]) as [number, number]
  expect(first).toBeLessThan(second / 2)
})

test('Calls in flight of an arm that is known well change next to nothing', () => {
  const known: Past[][] = [0.9, 0.8].map((score) => [{ quality: Array<number>(300).fill(score), context: key }])
  expect(chances(known, [{ pending: 100 }, {}])[0]).toBeGreaterThan(0.95)
})

test('A new version of a model is believed to be what the old one was, as surely as its prior says', () => {
  const rival: Past[][] = [[{ quality: Array<number>(100).fill(0.7), context: key }], []]
  const chance = (quality: number, strength: number) => {
    return chances(rival, [{}, { prior: { quality, strength } }])[1] as number
  }
  expect(chance(0.9, 10)).toBeGreaterThan(0.8)
  expect(chance(0.2, 10)).toBeLessThan(0.01)
  expect(chance(0.2, 1)).toBeGreaterThan(chance(0.2, 10))
})

/** As files of several writers are merged: sums are added, and what is derived begins anew. */
function added(one: ArmRecord, other: ArmRecord): ArmRecord {
  const moments = (a: Moments, b: Moments) => ({ n: a.n + b.n, sum: a.sum + b.sum, squares: a.squares + b.squares })
  return {
    sums: {
      calls: one.sums.calls + other.sums.calls,
      failures: one.sums.failures + other.sums.failures,
      unscored_failures: one.sums.unscored_failures + other.sums.unscored_failures,
      quality: moments(one.sums.quality, other.sums.quality),
      latency: moments(one.sums.latency, other.sums.latency),
      cost: moments(one.sums.cost, other.sums.cost),
    },
    derived: one.derived,
  }
}
