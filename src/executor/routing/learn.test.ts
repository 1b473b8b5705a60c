import { describe, expect, test } from 'vitest'
import { defaultRouting } from '../../domain/routing.ts'
import { type ArmRecords, learn, learnScore } from './learn.ts'
import { nestedContexts } from './nested-contexts.ts'
import { believe, flatPrior } from './quality-belief.ts'
import { countedTally, emptyRecord } from './statistics.ts'

const policy = defaultRouting

function newArm(contexts = 1): ArmRecords {
  return { all: emptyRecord(), contexts: Array.from({ length: contexts }, emptyRecord) }
}

function believed(arm: ArmRecords): number {
  return believe(arm.all, arm.contexts, flatPrior, policy, 1).mean
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
    expect(believe(emptyRecord(), [], { mean: 0.8, strength: 3 }, policy, 1)).toEqual({ mean: 0.8, strength: 3 })
  })

  test('in a new context is what all calls say, worth prior_strength observations', () => {
    const arm = newArm(0)
    learnMany(arm, 98, () => 1)
    const belief = believe(arm.all, [emptyRecord()], flatPrior, policy, 1)
    expect(belief.mean).toBeCloseTo(0.99, 9)
    expect(belief.strength).toBe(policy.prior_strength)
  })

  test('in a context with many calls of its own is what they say', () => {
    const arm = newArm()
    learnMany(arm, 1_000, () => 0.2)
    learnMany({ all: arm.all, contexts: [] }, 1_000, () => 1)
    expect(believed(arm)).toBeCloseTo(0.2, 2)
  })

  test('is the success rate when nothing was scored', () => {
    const arm = newArm(0)
    for (let n = 0; n < 998; n += 1) learn(arm, { succeeded: n % 4 !== 0 }, policy)
    expect(believed(arm)).toBeCloseTo(0.75, 2)
  })

  test('takes scores for the calls that nobody scored, and unscored failures for worthless', () => {
    const arm = newArm(0)
    for (let n = 0; n < 200; n += 1) learn(arm, { succeeded: n % 2 === 0 }, policy)
    for (let n = 0; n < 50; n += 1) learnScore(arm, { succeeded: true, quality: 0.8 }, policy)
    const { mean, strength } = believe(arm.all, [], { mean: 0.5, strength: 0 }, policy, 1)
    expect(mean).toBeCloseTo(0.4, 9)
    expect(strength).toBeCloseTo(100, 9)
  })

  test('takes a later score as if it had come at once, and a correction in place of what it corrects', () => {
    const [late, early] = [newArm(), newArm()]
    learn(late, { succeeded: true }, policy)
    learnScore(late, { succeeded: true, quality: 0.1 }, policy)
    learnScore(late, { succeeded: true, quality: 0.6, before: 0.1 }, policy)
    learn(early, { succeeded: true, quality: 0.6 }, policy)
    expect(late.all.sums.quality.sum).toBeCloseTo(early.all.sums.quality.sum, 9)
    expect(late.all.sums.quality.squares).toBeCloseTo(early.all.sums.quality.squares, 9)
    expect(believed(late)).toBeCloseTo(believed(early), 9)
    expect(late.all.derived.recent.sum).toBeCloseTo(0.6, 9)
  })

  test('counts a failure that was scored later once', () => {
    const arm = newArm(0)
    learn(arm, { succeeded: false }, policy)
    learnScore(arm, { succeeded: false, quality: 0.5 }, policy)
    expect(arm.all.sums).toMatchObject({ calls: 1, failures: 1, unscored_failures: 0, quality: { n: 1, sum: 0.5 } })
    expect(believed(arm)).toBeCloseTo(0.5, 9)
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
    expect(believed(arm)).toBeLessThan(0.1)
    expect(believed(other)).toBeLessThan(0.1)
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
    expect(believed(arm)).toBeGreaterThan(0.6)
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
  expect(believe(arm.all, arm.contexts, flatPrior, discounted, 1).mean).toBeCloseTo(0.3, 1)
  expect(countedTally(arm.all).scores).toBeCloseTo(100, 0)
})
