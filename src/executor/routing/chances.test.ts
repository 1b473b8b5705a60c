import fc from 'fast-check'
import { expect, test } from 'vitest'
import { seededRandom } from '../../std/random.ts'
import { beta, normal } from '../../std/variates.ts'
import { betaBelief, chancesOfGreatest, normalBelief } from './chances.ts'

test('Of equal beliefs each is equally probable to be the greatest', () => {
  expect(chancesOfGreatest([betaBelief(1, 1), betaBelief(1, 1)])).toEqual([0.5, 0.5])
  for (const chance of chancesOfGreatest(Array.from({ length: 5 }, () => normalBelief(0.3, 0.01))))
    expect(chance).toBeCloseTo(0.2, 6)
})

test('Two normal values are compared as the normal distribution of their difference says', () => {
  // Φ(0.1 / √(0.1² + 0.2²)) = Φ(0.4472) = 0.67264
  expect(chancesOfGreatest([normalBelief(0.6, 0.1), normalBelief(0.5, 0.2)])[0]).toBeCloseTo(0.67264, 3)
})

test('Two beta values are compared as their exact sum says', () => {
  // P(X > Y) for X ~ Beta(2, 1), Y ~ Beta(1, 1): ∫ 2x · x dx = 2/3; Y ~ Beta(1, 2): 1 − ∫ 2x (1 − x)² dx = 5/6
  expect(chancesOfGreatest([betaBelief(2, 1), betaBelief(1, 1)])[0]).toBeCloseTo(2 / 3, 2.5)
  expect(chancesOfGreatest([betaBelief(2, 1), betaBelief(1, 2)])[0]).toBeCloseTo(5 / 6, 2.5)
})

test('Values that are known very well are told apart beside one that is not known at all', () => {
  const [first, second, third] = chancesOfGreatest([
    betaBelief(900_000, 100_000),
    betaBelief(902_000, 98_000),
    betaBelief(1, 1),
  ])
  expect(first).toBeLessThan(1e-3)
  expect(second).toBeCloseTo(0.902, 3)
  expect(third).toBeCloseTo(0.098, 3)
})

test('The chances are the shares in which samples are the greatest', () => {
  const shapes: [number, number][] = [
    [3, 2],
    [30, 12],
    [1, 4],
    [2.5, 1.25],
  ]
  const chances = chancesOfGreatest(shapes.map(([a, b]) => betaBelief(a, b)))
  const random = seededRandom(1)
  const count = 40_000
  const wins = shapes.map(() => 0)
  for (let draw = 0; draw < count; draw += 1) {
    const samples = shapes.map(([a, b]) => beta(a, b, random))
    const winner = samples.indexOf(Math.max(...samples))
    wins[winner] = (wins[winner] as number) + 1
  }
  for (const [at, chance] of chances.entries()) expect((wins[at] as number) / count).toBeCloseTo(chance, 2)
})

test('Many beliefs that hardly differ are compared with an error that stays small', () => {
  const random = seededRandom(2)
  const beliefs = Array.from({ length: 300 }, () => normalBelief(0.5 + normal(random) / 50, 0.02))
  const chances = chancesOfGreatest(beliefs)
  const wins = beliefs.map(() => 0)
  const draws = 4000
  for (let draw = 0; draw < draws; draw += 1) {
    const samples = beliefs.map(({ mean, sd }) => mean + sd * normal(random))
    const winner = samples.indexOf(Math.max(...samples))
    wins[winner] = (wins[winner] as number) + 1
  }
  const differences = chances.map((chance, at) => Math.abs(chance - (wins[at] as number) / draws))
  expect(Math.max(...differences)).toBeLessThan(0.02)
})

test('Whatever is believed, chances are positive and add up to 1', () => {
  const parameter = fc.oneof(
    fc.double({ min: 1, max: 1e9, noNaN: true }),
    fc.constantFrom(1, 1.5, Number.NaN, Infinity),
  )
  const belief = fc.oneof(
    fc.tuple(parameter, parameter).map(([a, b]) => betaBelief(a, b)),
    fc.tuple(fc.double(), fc.double({ min: 0 })).map(([mean, sd]) => normalBelief(mean, sd)),
  )
  fc.assert(
    fc.property(fc.array(belief, { minLength: 1, maxLength: 8 }), (beliefs) => {
      const chances = chancesOfGreatest(beliefs)
      expect(chances.every((chance) => chance > 0 && chance <= 1)).toBe(true)
      expect(chances.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 9)
    }),
    { numRuns: 200 },
  )
})
