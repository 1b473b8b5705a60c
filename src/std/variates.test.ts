import { describe, expect, test } from 'vitest'
import { type Random, seededRandom } from './random.ts'
import { beta, gamma, nearBeta, normal, normalBelow } from './variates.ts'

const count = 20_000

function drawn(seed: number, draw: (random: Random) => number): number[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => draw(random)).toSorted((a, b) => a - b)
}

function moments(values: readonly number[]) {
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length
  return { mean, variance: values.reduce((sum, each) => sum + (each - mean) ** 2, 0) / values.length }
}

/** Kolmogorov and Smirnov's distance between sorted values and a distribution. */
function distance(sorted: readonly number[], distribution: (x: number) => number): number {
  return Math.max(
    ...sorted.map((x, at) => {
      const p = distribution(x)
      return Math.max(p - at / sorted.length, (at + 1) / sorted.length - p)
    }),
  )
}

/** Exceeded by one in a thousand samples of the right distribution; the seeds are fixed. */
const critical = 1.95 / Math.sqrt(count)

/** The distribution with this density on [low, high], by Simpson's rule on 4,000 cells and lines between them. */
function integrated(density: (x: number) => number, low: number, high: number): (x: number) => number {
  const cells = 4000
  const width = (high - low) / cells
  const sums = [0]
  for (let cell = 0; cell < cells; cell += 1) {
    const x = low + cell * width
    const mass = (width / 6) * (density(x) + 4 * density(x + width / 2) + density(x + width))
    sums.push((sums[cell] as number) + mass)
  }
  const whole = sums[cells] as number
  return (x) => {
    const at = Math.min(cells, Math.max(0, (x - low) / width))
    const cell = Math.min(cells - 1, Math.floor(at))
    const [from, to] = [sums[cell] as number, sums[cell + 1] as number]
    return (from + (at - cell) * (to - from)) / whole
  }
}

function betaDistribution(a: number, b: number) {
  return integrated((x) => (x <= 0 || x >= 1 ? 0 : x ** (a - 1) * (1 - x) ** (b - 1)), 0, 1)
}

test('Normal numbers have mean 0, variance 1 and the normal distribution', () => {
  const values = drawn(1, normal)
  const { mean, variance } = moments(values)
  expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(count))
  expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / count))
  expect(
    distance(
      values,
      integrated((x) => Math.exp((-x * x) / 2), -9, 9),
    ),
  ).toBeLessThan(critical)
})

test('Normal numbers go beyond any edge as often as they should', () => {
  const random = seededRandom(6)
  const draws = 1_000_000
  let [high, low] = [0, 0]
  for (let draw = 0; draw < draws; draw += 1) {
    const value = normal(random)
    if (value > 3.6) high += 1
    if (value < -3.6) low += 1
  }
  // P(|z| > 3.6) = 3.18e-4, with a standard deviation of 18 in so many draws.
  expect(Math.abs(high + low - 318)).toBeLessThan(4 * 18)
  expect(Math.abs(high - low)).toBeLessThan(4 * 18)
})

test.each([0.4, 1, 2.5, 40])('Gamma numbers of shape %d have it as mean and as variance', (shape) => {
  const { mean, variance } = moments(drawn(2, (random) => gamma(shape, random)))
  expect(Math.abs(mean - shape)).toBeLessThan(4 * Math.sqrt(shape / count))
  // The variance of a sample's variance, from the fourth moment 3k² + 6k.
  expect(Math.abs(variance - shape)).toBeLessThan(4 * Math.sqrt((2 * shape * shape + 6 * shape) / count))
})

describe.each([
  [1, 1],
  [9, 3.5],
  [1, 30],
  [2.25, 1.75],
])('Beta numbers of %d and %d', (a, b) => {
  const values = drawn(3, (random) => beta(a, b, random))

  test('have its mean and variance', () => {
    const { mean, variance } = moments(values)
    const truth = (a * b) / ((a + b) ** 2 * (a + b + 1))
    expect(Math.abs(mean - a / (a + b))).toBeLessThan(4 * Math.sqrt(truth / count))
    expect(Math.abs(variance / truth - 1)).toBeLessThan(0.08)
  })

  test('have its distribution', () => {
    expect(distance(values, betaDistribution(a, b))).toBeLessThan(critical)
  })
})

test.each([
  [16, 16],
  [28, 4],
  [90, 11],
  [1, 40],
  [300, 2],
])('The quick beta is never far from the beta of %d and %d, and keeps to [0, 1]', (a, b) => {
  const values = drawn(4, (random) => nearBeta(a, b, random))
  expect(values[0]).toBeGreaterThanOrEqual(0)
  expect(values.at(-1)).toBeLessThanOrEqual(1)
  const sd = Math.sqrt((a * b) / ((a + b) ** 2 * (a + b + 1)))
  expect(Math.abs(moments(values).mean - a / (a + b))).toBeLessThan(0.1 * sd)
  expect(distance(values, betaDistribution(a, b))).toBeLessThan(Math.min(a, b) < 3 ? 0.06 : 0.02)
})

test('Parameters that are no positive numbers give NaN, and never a loop without an end', () => {
  const random = seededRandom(5)
  for (const bad of [Number.NaN, Infinity, 0, -1]) {
    expect(gamma(bad, random)).toBeNaN()
    expect(beta(bad, 1, random)).toBeNaN()
    expect(beta(1, bad, random)).toBeNaN()
  }
})

test('The normal distribution is that of the tables', () => {
  for (const [z, share] of [
    [0, 0.5],
    [1, 0.841345],
    [-1, 0.158655],
    [1.959964, 0.975],
    [-3, 0.00135],
  ] as const)
    expect(normalBelow(z)).toBeCloseTo(share, 6)
  expect([normalBelow(-Infinity), normalBelow(Infinity)]).toEqual([0, 1])
  expect(normalBelow(-12)).toBeGreaterThanOrEqual(0)
})
