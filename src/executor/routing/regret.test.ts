import { describe, expect, test } from 'vitest'
import { regretOf } from './regret.ts'
import { strategies } from './strategy-table.ts'

// Bands around the means of 400 runs of an independent implementation, for 50 runs of 10,000 calls.
describe.each([
  { name: '0.9 and 0.8', means: [0.9, 0.8], thompson: [6, 15], ucb1: [78, 96] },
  { name: 'one 0.5 among nine 0.4', means: [0.5, ...Array(9).fill(0.4)], thompson: [0, 220], ucb1: [560, 625] },
  { name: '0.25 and 0.2', means: [0.25, 0.2], thompson: [12, 36], ucb1: [88, 105] },
] as const)('The regret on arms of $name', ({ means, ...bands }) => {
  test.each(['thompson', 'ucb1'] as const)('of %s is as published', (name) => {
    const regret = meanRegret(name, means)
    const [low, high] = bands[name]
    expect(regret).toBeGreaterThanOrEqual(low)
    expect(regret).toBeLessThanOrEqual(high)
    if (name === 'ucb1') expect(regret).toBeLessThanOrEqual(boundOfUcb1(means, 10_000))
  })
})

test('The bound of UCB1 on arms of 0.9 and 0.8 is 737 after 10,000 calls', () => {
  expect(boundOfUcb1([0.9, 0.8], 10_000)).toBeCloseTo(737, 0)
})

test('A run with the same seed loses the same, with another seed another amount', () => {
  const instance = { means: [0.6, 0.5], calls: 500 }
  expect(regretOf(strategies.thompson, instance, 1)).toBe(regretOf(strategies.thompson, instance, 1))
  expect(regretOf(strategies.thompson, instance, 1)).not.toBe(regretOf(strategies.thompson, instance, 2))
})

function meanRegret(name: 'thompson' | 'ucb1', means: readonly number[]): number {
  const runs = Array.from({ length: 50 }, (_, run) => regretOf(strategies[name], { means, calls: 10_000 }, 1 + run))
  return runs.reduce((sum, each) => sum + each, 0) / runs.length
}

/** Auer, Cesa-Bianchi and Fischer 2002, theorem 1. */
function boundOfUcb1(means: readonly number[], calls: number): number {
  const best = Math.max(...means)
  const gaps = means.map((mean) => best - mean).filter((gap) => gap > 0)
  const logarithmic = gaps.reduce((sum, gap) => sum + (8 * Math.log(calls)) / gap, 0)
  return logarithmic + (1 + Math.PI ** 2 / 3) * gaps.reduce((sum, gap) => sum + gap, 0)
}
