import { describe, expect, test } from 'vitest'
import { bestModel } from './hindsight.ts'
import { costsOf, type OutcomeTable, referenceCost } from './outcome-table.ts'
import { createSimulation, groundOf, type Trial } from './simulation.ts'
import { strategies } from './strategy-table.ts'
import { runTrial } from './trial.ts'
import type { Strategy } from './strategy.ts'

const price = (name: string, usd: number) => ({ name, input_usd_per_mtok: usd, output_usd_per_mtok: usd })

function tableOf(rows: readonly (readonly [tokens: number, task: string, ...quality: number[]])[]): OutcomeTable {
  return {
    models: [price('a', 1), price('b', 2)],
    tokens: rows.map(([tokens]) => tokens),
    tasks: rows.map(([, task]) => task),
    quality: Float64Array.from(rows.flatMap(([, , ...quality]) => quality)),
  }
}

const table = tableOf([
  [800, 'x', 1, 0],
  [300, 'x', 1, 0.5],
  [0, 'y', 0, 1],
])
const trial: Trial = { strategy: 'order', lambda: 0, context: ['task'], seed: 1 }
const none = () => {}

describe('What a prompt costs', () => {
  test('is known before: its tokens and 200 of the answer, at the prices of the model', () => {
    expect([...costsOf(table)]).toEqual([0.001, 0.002, 0.0005, 0.001, 0.0002, 0.0004])
    const dearOutput = { ...table, models: [{ ...price('a', 1), output_usd_per_mtok: 10 }, price('b', 2)] }
    expect(costsOf(dearOutput)[0]).toBeCloseTo(0.0028, 12)
  })

  test('is measured by the 95th percentile of all costs', () => {
    expect(referenceCost(Float64Array.from({ length: 101 }, (_, n) => 100 - n))).toBe(95)
    expect(referenceCost(Float64Array.from([1, 3]))).toBeCloseTo(2.9, 12)
  })
})

describe('A trial', () => {
  test('judges by the best model, the best for each context, and the best for each prompt', async () => {
    const { best_fixed, oracle_by_context, oracle_by_prompt } = await runTrial(
      groundOf(table),
      { ...trial, permutations: 1 },
      strategies.order,
      none,
    )
    expect(best_fixed).toMatchObject({ model: 'a', quality: 0.666666667, utility: 0.666666667 })
    expect(oracle_by_context.quality).toBe(1)
    expect(oracle_by_prompt.quality).toBe(1)
    expect(bestModel(groundOf(table), 0)).toBe(0)
  })

  test('shows each prompt once, in an order that the seed and the permutation make', () => {
    const many = tableOf(Array.from({ length: 50 }, () => [10, 'x', 1, 0]))
    const orderOf = (seed: number, permutation: number) => {
      return [...createSimulation(groundOf(many), { ...trial, seed }, strategies.order)(permutation).order]
    }
    expect(orderOf(1, 0).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, n) => n))
    expect(orderOf(1, 0)).toEqual(orderOf(1, 0))
    expect(orderOf(1, 1)).not.toEqual(orderOf(1, 0))
    expect(orderOf(2, 0)).not.toEqual(orderOf(1, 0))
  })

  test('lets a strategy learn of nothing but what the model that it picked made of the prompt', () => {
    const seen: number[][] = []
    const watching: Strategy = {
      ...strategies.order,
      pick(arms, statistics, context, random) {
        seen.push(arms.map(({ key }) => statistics.of(key, context.key).sums.calls))
        return { ...strategies.order.pick(arms, statistics, context, random), chosen: 1 }
      },
    }
    createSimulation(groundOf(tableOf(Array.from({ length: 4 }, () => [10, 'x', 1, 0]))), trial, watching)(0)
    expect(seen).toEqual([0, 1, 2, 3].map((calls) => [0, calls]))
  })

  test('breaks a model from floor(N · share) on', async () => {
    const many = tableOf(Array.from({ length: 7 }, () => [10, 'x', 1, 0.25]))
    const shift = { model: 0, at: 0.5 }
    const result = await runTrial(groundOf(many), { ...trial, shift, permutations: 2 }, strategies.order, none)
    expect(result.quality).toBeCloseTo(3 / 7, 9)
    expect(result.best_fixed).toMatchObject({ model: 'a', quality: expect.closeTo(3 / 7, 9) as number })
  })

  test('ends between two permutations when it is told to', async () => {
    let calls = 0
    const between = () => {
      calls += 1
      if (calls === 3) throw new Error('enough')
    }
    const run = runTrial(groundOf(table), { ...trial, permutations: 10 }, strategies.order, between)
    await expect(run).rejects.toThrow('enough')
  })

  test.each([
    ['learned', 0.8],
    ['ucb1', (0.8 - 0.5 * 0.5 + 1) / 2],
    ['thompson', 0.8 - 0.5 * 0.5],
    ['thompson_multi', 0.8 - 0.5 * 0.5],
  ] as const)('tells %s what it can make use of', (strategy, lesson) => {
    let told = Number.NaN
    const watching: Strategy = {
      ...strategies.order,
      pick(arms, statistics, context, random) {
        const { quality } = statistics.of('a').sums
        if (quality.n > 0) told = quality.sum / quality.n
        return strategies.order.pick(arms, statistics, context, random)
      },
    }
    // The dearer model costs the reference, this one half of it.
    const even = tableOf(Array.from({ length: 40 }, () => [10, 'x', 0.8, 0]))
    createSimulation(groundOf(even), { ...trial, strategy, lambda: 0.5 }, watching)(0)
    expect(told).toBeCloseTo(lesson, 9)
  })
})
