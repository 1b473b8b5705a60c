import { describe, expect, test } from 'vitest'
import { defaultRouting } from '../../../domain/routing.ts'
import { type Random, seededRandom } from '../../../std/random.ts'
import { strategies } from '../strategy-table.ts'
import type { Strategy } from '../strategy.ts'
import { estimate, type Estimates } from './estimates.ts'
import { evaluate } from './evaluate.ts'
import type { LoggedDecision } from './logged.ts'

const names = ['a/a', 'b/b', 'c/c']
/** What the arms are worth in each context, and how probable the log was to choose them. */
const world = {
  'task=x': { means: [0.9, 0.5, 0.2], logged: [0.5, 0.3, 0.2] },
  'task=y': { means: [0.3, 0.6, 0.7], logged: [0.6, 0.3, 0.1] },
} as const
const costs = [0.04, 0.02, 0]

function logOf(count: number, random: Random): LoggedDecision[] {
  return Array.from({ length: count }, (_, time): LoggedDecision => {
    const context = random() < 0.5 ? 'task=x' : 'task=y'
    const { means, logged } = world[context]
    const draw = random()
    const chosen = draw < logged[0] ? 0 : draw < logged[0] + logged[1] ? 1 : 2
    const arms = names.map((key, candidate) => ({
      ...{ candidate, key, cost_usd: costs[candidate] as number, latency_ms: null, pending: 0 },
      propensity: logged[candidate] as number,
    }))
    const succeeded = random() < (means[chosen] as number)
    return { time, context, arms, chosen, outcome: { succeeded, cost_usd: costs[chosen] as number } }
  })
}

/** Chooses with the same chances whenever the context is the same. */
const fixedChances = { 'task=x': [0.7, 0.2, 0.1], 'task=y': [0.1, 0.3, 0.6] }
const fixed: Strategy = {
  pick: () => ({ chosen: 0, scores: [0, 0, 0] }),
  propensities: (_, __, { key }) => fixedChances[key as keyof typeof fixedChances],
}

const lambda = 0.2
const cost_ref_usd = 0.04
const given = {
  ...{ strategy: fixed, policy: defaultRouting, lambda, cost_ref_usd },
  ...{ random: seededRandom(1), seed: 1, pause: async () => {} },
}

function valueOf(context: keyof typeof world, chances: readonly number[]): number {
  const worth = (at: number) => (world[context].means[at] as number) - (lambda * (costs[at] as number)) / cost_ref_usd
  return chances.reduce((sum, chance, at) => sum + chance * worth(at), 0)
}

const truth = (valueOf('task=x', fixedChances['task=x']) + valueOf('task=y', fixedChances['task=y'])) / 2

describe('Over many logs with a known truth', async () => {
  const logs = 120
  const estimates: Estimates[] = []
  for (let log = 0; log < logs; log += 1)
    estimates.push((await evaluate(logOf(400, seededRandom(100 + log)), given)).estimates as Estimates)

  test.each(['ips', 'snips', 'dr'] as const)(
    '%s is right on average, and its intervals hold the truth',
    async (name) => {
      const values = estimates.map((each) => each[name].value)
      const mean = values.reduce((sum, each) => sum + each, 0) / logs
      const sd = Math.sqrt(values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (logs - 1))
      expect(Math.abs(mean - truth)).toBeLessThan((3 * sd) / Math.sqrt(logs))
      for (const kind of ['normal', 'bootstrap'] as const) {
        const held = estimates.filter((each) => each[name][kind][0] <= truth && truth <= each[name][kind][1]).length
        expect(held / logs).toBeGreaterThan(0.89)
        expect(held).toBeLessThan(logs)
      }
    },
  )

  test('the doubly robust interval is narrower than that of inverse propensities', async () => {
    for (const { dr, ips } of estimates) {
      expect(dr.normal[1] - dr.normal[0]).toBeLessThan(ips.normal[1] - ips.normal[0])
      expect(dr.bootstrap[1] - dr.bootstrap[0]).toBeLessThan(ips.bootstrap[1] - ips.bootstrap[0])
    }
  })
})

test.each(['thompson', 'ucb1', 'score', 'cheapest'] as const)(
  '%s is judged by what it would have chosen',
  async (name) => {
    // Counts what each choice is truly worth, as the strategy makes it.
    let earned = 0
    const watched: Strategy = {
      pick: strategies[name].pick,
      propensities(arms, statistics, context, random) {
        const chances = strategies[name].propensities(arms, statistics, context, random)
        earned += valueOf(context.key as keyof typeof world, chances)
        return chances
      },
    }
    const count = 4000
    const { estimates, doubts } = await evaluate(logOf(count, seededRandom(7)), { ...given, strategy: watched })
    const { dr, ips } = estimates as Estimates
    // Three standard errors.
    const within = (each: typeof dr) => (1.5 * (each.normal[1] - each.normal[0])) / 1.96
    expect(Math.abs(dr.value - earned / count)).toBeLessThan(within(dr))
    expect(Math.abs(ips.value - earned / count)).toBeLessThan(within(ips))
    expect(doubts).toEqual([])
  },
)

test('A replay with the same seed says the same', async () => {
  const run = () => evaluate(logOf(300, seededRandom(3)), { ...given, random: seededRandom(5) })
  expect(await run()).toEqual(await run())
})

test('The strategy that made the log is worth what was earned, with weights of 1', async () => {
  const same: Strategy = {
    ...fixed,
    propensities: (_, __, { key }) => [...world[key as keyof typeof world].logged],
  }
  const { estimates } = await evaluate(logOf(500, seededRandom(4)), { ...given, strategy: same })
  const { logged, ips, snips, effective, mean_weight } = estimates as Estimates
  expect(ips.value).toBeCloseTo(logged.value, 12)
  expect(snips.value).toBeCloseTo(logged.value, 12)
  expect([effective, mean_weight]).toEqual([500, 1])
})

describe('What the strategy knows', () => {
  /** How many calls of all arms it knew of at each decision. */
  async function known(decisions: readonly LoggedDecision[]): Promise<number[]> {
    const counts: number[] = []
    const counting: Strategy = {
      ...fixed,
      propensities(arms, statistics) {
        counts.push(arms.reduce((sum, { key }) => sum + statistics.of(key).sums.calls, 0))
        return arms.map(() => 1 / arms.length)
      },
    }
    await evaluate(decisions, { ...given, strategy: counting })
    return counts
  }
  const [one] = logOf(1, seededRandom(1)) as [LoggedDecision]
  const at = (time: number, latency_ms: number): LoggedDecision => {
    return { ...one, time, outcome: { ...one.outcome, latency_ms } }
  }

  test('are outcomes of calls that had ended by then', async () => {
    expect(await known([at(0, 100), at(50, 10), at(70, 1000), at(100, 0), at(101, 0)])).toEqual([0, 0, 1, 2, 3])
  })

  test('does not depend on the order of lines in the log', async () => {
    expect(await known([at(101, 0), at(70, 1000), at(0, 100), at(100, 0), at(50, 10)])).toEqual([0, 0, 1, 2, 3])
  })

  test('is kept in the parts of the context that it asks for', async () => {
    const contexts: string[] = []
    const listening: Strategy = {
      ...fixed,
      propensities(arms, _, { key }) {
        contexts.push(key)
        return arms.map(() => 1 / arms.length)
      },
    }
    const decision = { ...one, context: 'task=a%20b step=w/s length=64' }
    for (const context of [['task', 'length'], ['step'], []] as const)
      await evaluate([decision], {
        ...given,
        strategy: listening,
        policy: { ...defaultRouting, context: [...context] },
      })
    expect(contexts).toEqual(['task=a%20b length=64', 'step=w/s', ''])
  })
})

describe('A log that can not say it', () => {
  const without = (decision: LoggedDecision, propensity: number | undefined): LoggedDecision => ({
    ...decision,
    arms: decision.arms.map(({ propensity: _, ...arm }) => (propensity === undefined ? arm : { ...arm, propensity })),
  })

  test('has no probabilities', async () => {
    const decisions = logOf(100, seededRandom(1))
    const none = await evaluate(
      decisions.map((each) => without(each, undefined)),
      given,
    )
    expect(none).toMatchObject({ decisions: 100, used: 0, coverage: 0 })
    expect(none.estimates).toBeUndefined()
    expect(none.doubts.join()).toContain('no decision can be used')
    const few = await evaluate(
      decisions.map((each, at) => (at < 60 ? without(each, 0) : each)),
      given,
    )
    expect(few.coverage).toBeCloseTo(0.4, 12)
    expect(few.doubts.join()).toContain('of 60 % of the decisions it is not known how probable they were')
  })

  test('was made by a strategy that never tried what this one would', async () => {
    const decisions = logOf(200, seededRandom(1)).map((each): LoggedDecision => {
      return { ...each, chosen: 0, arms: each.arms.map((arm, at) => ({ ...arm, propensity: at === 0 ? 1 : 0 })) }
    })
    const { unsupported, doubts } = await evaluate(decisions, given)
    expect(unsupported).toBeGreaterThan(0.5)
    expect(doubts.join()).toMatch(/of its choices are ones that the log could not have made/)
  })

  test('has nothing that this one would have chosen', async () => {
    const decisions = logOf(50, seededRandom(1)).map((each): LoggedDecision => ({ ...each, chosen: 1 }))
    const { estimates, doubts } = await evaluate(decisions, { ...given, strategy: strategies.order })
    expect(estimates).toBeUndefined()
    expect(doubts).toEqual(['it chose nothing that was chosen'])
  })

  test('is short', async () => {
    expect((await evaluate(logOf(20, seededRandom(1)), given)).doubts.join()).toContain('too few')
  })

  test('has probabilities that are wrong', async () => {
    const decisions = logOf(2000, seededRandom(1)).map((each) => without(each, 0.9))
    expect((await evaluate(decisions, given)).doubts.join()).toContain("can't be right")
  })

  test('has outcomes whose cost nobody knows, unless cost does not matter', async () => {
    const decisions = logOf(50, seededRandom(1)).map((each): LoggedDecision => {
      const arms = each.arms.map((arm) => ({ ...arm, cost_usd: null }))
      return { ...each, arms, outcome: { ...each.outcome, cost_usd: null } }
    })
    expect(await evaluate(decisions, given)).toMatchObject({ used: 0, unpriced: 50 })
    expect(await evaluate(decisions, { ...given, lambda: 0 })).toMatchObject({ used: 50, unpriced: 0 })
  })
})

test('Great weights are bounded, and counted', async () => {
  const weights = Array.from({ length: 100 }, (_, at) => {
    return { weight: at === 0 ? 500 : 1, utility: 1, expected: 0.5, expected_of_chosen: 0.5 }
  })
  const { clip, clipped, ips } = estimate(weights, 1)
  expect([clip, clipped]).toEqual([10, 1])
  expect(ips.value).toBeCloseTo((10 + 99) / 100, 12)
})

test('Scores of quality count where there are some, and success where there are none', async () => {
  const decisions = logOf(40, seededRandom(1)).map((each, at): LoggedDecision => {
    return at < 30 ? { ...each, outcome: { ...each.outcome, succeeded: true, quality: 0.25 } } : each
  })
  const quality = (some: LoggedDecision[]) => evaluate(some, { ...given, lambda: 0 })
  expect((await quality(decisions.slice(0, 30))).estimates?.logged.value).toBeCloseTo(0.25, 12)
  expect((await quality(decisions)).assumed).toBe(10)
})
