import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultRouting } from '../../domain/routing.ts'
import { type ArmRecords, learn, learnScore } from './learn.ts'
import { nestedContexts } from './nested-contexts.ts'
import { believe } from './quality-belief.ts'
import { type ArmRecord, countedTally, emptyRecord } from './statistics.ts'

const policy = defaultRouting

function newArm(contexts = 1): ArmRecords {
  return { all: emptyRecord(), contexts: Array.from({ length: contexts }, emptyRecord) }
}

interface Belief {
  mean: number
  strength: number
}

function believed(arm: ArmRecords): Belief {
  return together([arm])[0] as Belief
}

/** Each arm in the same contexts. */
function together(arms: readonly ArmRecords[], prior?: { quality: number; strength: number }): Belief[] {
  const levels = (arms[0] as ArmRecords).contexts.length
  const records = (at: number): ArmRecord[] => {
    const { all, contexts } = arms[at] as ArmRecords
    return [all, ...contexts]
  }
  const known = { count: arms.length, levels, records, prior: () => prior }
  const { mean, strength } = believe(known, policy.prior_strength)
  return arms.map((_, at) => ({ mean: mean[at] as number, strength: strength[at] as number }))
}

function learnMany(arm: ArmRecords, count: number, quality: (n: number) => number): void {
  for (let n = 0; n < count; n += 1) learn(arm, { succeeded: true, quality: quality(n) }, policy)
}

test('A call counts in each part of its key, from the outermost in', () => {
  expect(nestedContexts('task=a step=w/b length=64')).toEqual([
    'task=a',
    'task=a step=w/b',
    'task=a step=w/b length=64',
  ])
  expect(nestedContexts('task=a')).toEqual(['task=a'])
  expect(nestedContexts('')).toEqual([])
})

describe('What is believed of quality', () => {
  test('is the prior when nothing is known', () => {
    expect(believed({ all: emptyRecord(), contexts: [] })).toEqual({ mean: 1, strength: 2 })
    const arm = { all: emptyRecord(), contexts: [emptyRecord()] }
    expect(together([arm], { quality: 0.8, strength: 3 })).toEqual([{ mean: 0.8, strength: 3 }])
  })

  test('in a new context is what all calls say, worth prior_strength observations', () => {
    const arm = newArm(0)
    learnMany(arm, 98, () => 0.5)
    const { mean, strength } = believed({ all: arm.all, contexts: [emptyRecord()] })
    expect(mean).toBeCloseTo(0.51, 9)
    expect(strength).toBe(policy.prior_strength)
  })

  test('in a context with many calls of its own is what they say', () => {
    const arm = newArm()
    learnMany(arm, 1_000, () => 0.2)
    learnMany({ all: arm.all, contexts: [] }, 1_000, () => 1)
    expect(believed(arm).mean).toBeCloseTo(0.2, 2)
  })

  test('is less of an arm that was never called where all others fail', () => {
    const arms = [newArm(), newArm(), newArm()]
    const [one, two, never] = arms as [ArmRecords, ArmRecords, ArmRecords]
    for (const arm of arms) learnMany({ all: arm.all, contexts: [] }, 100, () => 0.8)
    for (const arm of [one, two]) learnMany(arm, 20, () => 0)
    const [, , belief] = together(arms) as [Belief, Belief, Belief]
    expect(belief.mean).toBeLessThan(0.4)
    expect(believed(never).mean).toBeGreaterThan(0.75)
  })

  test('rises by a better score of an arm at least as much as that of any other arm', () => {
    const scores = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 })
    const pasts = fc.array(fc.record({ here: scores, elsewhere: scores }), { minLength: 2, maxLength: 4 })
    const steady = { ...policy, change_point: false }
    fc.assert(
      fc.property(pasts, (given) => {
        const [worse, better] = [0.2, 0.9].map((score) => {
          const arms = given.map(({ here, elsewhere }, at) => {
            const arm = newArm()
            const whole = { all: arm.all, contexts: [] }
            for (const quality of here) learn(arm, { succeeded: true, quality }, steady)
            for (const quality of elsewhere) learn(whole, { succeeded: true, quality }, steady)
            if (at === 0) learn(arm, { succeeded: true, quality: score }, steady)
            return arm
          })
          return together(arms)
        }) as [Belief[], Belief[]]
        const [gain, ...others] = better.map(({ mean }, at) => mean - (worse[at] as Belief).mean) as [number]
        for (const other of others) expect(gain).toBeGreaterThanOrEqual(other - 1e-9)
      }),
    )
  })

  test('is the success rate when nothing was scored', () => {
    const arm = newArm(0)
    for (let n = 0; n < 1_000; n += 1) learn(arm, { succeeded: n % 4 !== 0 }, policy)
    expect(believed(arm).mean).toBeCloseTo(0.75, 2)
  })

  test('takes scores for the calls that nobody scored, and unscored failures for worthless', () => {
    const arm = newArm(0)
    for (let n = 0; n < 200; n += 1) learn(arm, { succeeded: n % 2 === 0 }, policy)
    for (let n = 0; n < 50; n += 1) learnScore(arm, { succeeded: true, quality: 0.8 }, policy)
    const { mean, strength } = believed(arm)
    expect(mean).toBeCloseTo((0.4 * 100 + 1 * 2) / 102, 9)
    expect(strength).toBeCloseTo(102, 9)
  })

  test('takes a success without a score for what scored ones of other arms are worth', () => {
    const [scored, unscored] = [newArm(0), newArm(0)]
    learnMany(scored, 100, () => 0.6)
    for (let n = 0; n < 1_000; n += 1) learn(unscored, { succeeded: n % 2 === 0 }, policy)
    const [, belief] = together([scored, unscored]) as [Belief, Belief]
    expect(belief.mean).toBeCloseTo(0.3, 2)
  })

  test('takes a later score as if it had come at once, and a correction in place of what it corrects', () => {
    const [late, early] = [newArm(), newArm()]
    learn(late, { succeeded: true }, policy)
    learnScore(late, { succeeded: true, quality: 0.1 }, policy)
    learnScore(late, { succeeded: true, quality: 0.6, before: 0.1 }, policy)
    learn(early, { succeeded: true, quality: 0.6 }, policy)
    expect(late.all.sums.quality.sum).toBeCloseTo(early.all.sums.quality.sum, 9)
    expect(late.all.sums.quality.squares).toBeCloseTo(early.all.sums.quality.squares, 9)
    expect(believed(late).mean).toBeCloseTo(believed(early).mean, 9)
  })

  test('counts a failure that was scored later once', () => {
    const arm = newArm(0)
    learn(arm, { succeeded: false }, policy)
    learnScore(arm, { succeeded: false, quality: 0.5 }, policy)
    expect(arm.all.sums).toMatchObject({ calls: 1, failures: 1, unscored_failures: 0, quality: { n: 1, sum: 0.5 } })
    expect(believed(arm)).toEqual({ mean: 2.5 / 3, strength: 3 })
  })
})

describe('A change point', () => {
  test('keeps nothing of before, in any context', () => {
    const arm = newArm()
    const other = { all: arm.all, contexts: [emptyRecord()] }
    learnMany(arm, 500, () => 0.9)
    learnMany(other, 500, () => 0.9)
    learnMany(arm, 20, () => 0)
    expect(arm.all.derived.changes).toBe(1)
    expect(believed(arm).mean).toBeLessThan(0.1)
    expect(believed(other).mean).toBeLessThan(0.1)
    // Sums are for merging, and keep it all.
    expect(arm.all.sums.calls).toBe(1_020)
  })

  test('lets a context begin anew with its next call', () => {
    const arm = newArm()
    learnMany(arm, 500, () => 0.9)
    learnMany(arm, 30, () => 0)
    learnMany(arm, 10, () => 1)
    expect(countedTally(arm.contexts[0] as never)).toMatchObject({ scores: 28, score: 10 })
  })

  test('is not made of bad luck, nor of hard tasks', () => {
    const arm = newArm()
    const hard = { all: arm.all, contexts: [emptyRecord()] }
    learnMany(arm, 2_000, (n) => (n % 5 < 3 ? 1 : 0))
    learnMany(hard, 5, () => 0)
    learnMany(arm, 100, (n) => (n % 5 < 3 ? 1 : 0))
    learnMany(hard, 50, () => 0)
    expect(arm.all.derived.changes).toBe(0)
  })

  test('is looked for only where the policy says so', () => {
    const arm = newArm()
    for (let n = 0; n < 300; n += 1)
      learn(arm, { succeeded: true, quality: n < 200 ? 1 : 0 }, { ...policy, change_point: false })
    expect(arm.all.derived).toMatchObject({ changes: 0, drop: 0 })
    expect(believed(arm).mean).toBeGreaterThan(0.6)
  })

  test('is found in failures, and not in successes that await their score', () => {
    const arm = newArm(0)
    learnMany(arm, 100, () => 0.9)
    for (let n = 0; n < 100; n += 1) learn(arm, { succeeded: true }, policy)
    expect(arm.all.derived.changes).toBe(0)
    for (let n = 0; n < 15; n += 1) learn(arm, { succeeded: false }, policy)
    expect(arm.all.derived.changes).toBe(1)
  })
})

test('With a discount, what is older weighs less', () => {
  const arm = newArm()
  const discounted = { ...policy, discount: 0.99, change_point: false }
  for (let n = 0; n < 2_000; n += 1) learn(arm, { succeeded: true, quality: n < 1_000 ? 1 : 0.3 }, discounted)
  expect(believed(arm).mean).toBeCloseTo(0.3, 1)
  expect(countedTally(arm.all).scores).toBeCloseTo(100, 0)
})
