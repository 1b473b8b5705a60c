/** What a strategy would have earned, estimated from decisions that another one made, with how sure that is. */
import { type Random, seededRandom } from '../../../std/random.ts'

/** A decision of which all is known that estimates need. */
export interface Weight {
  weight: number
  utility: number
  expected_of_chosen: number
  expected: number
}

export interface Estimate {
  value: number
  /** Of 95 %, from the standard error of the mean. */
  normal: [low: number, high: number]
  /** Of 95 %, from resampled decisions, seeded: better for few, or where weights differ much. */
  bootstrap: [low: number, high: number]
}

export interface Estimates {
  /** What was earned by those who decided. */
  logged: Estimate
  /** Mean of w · u: right on average, but wide. */
  ips: Estimate
  /** Σ w · u / Σ w: narrower, a little off for few decisions. */
  snips: Estimate
  /** Mean of ū + w · (u − û): right on average if either weights or the direct model are, and narrower where it explains something. */
  dr: Estimate
  /** `dr` − `logged`, of the same decisions. */
  gain: Estimate
  /** (Σw)² / Σw²: so many decisions of the strategy itself would say as much. */
  effective: number
  /** Greater weights were taken for this, which makes estimates a little too low, and much narrower. */
  clip: number
  clipped: number
  mean_weight: number
}

/** With more decisions the bound rises, so that what it costs vanishes. */
export function usualClip(decisions: number): number {
  return Math.max(10, Math.sqrt(decisions))
}

export function estimate(weights: readonly Weight[], seed: number, clip = usualClip(weights.length)): Estimates {
  const bounded = weights.map((each) => ({ ...each, weight: Math.min(clip, each.weight) }))
  const values = {
    logged: bounded.map(({ utility }) => utility),
    ips: bounded.map(({ weight, utility }) => weight * utility),
    dr: bounded.map(doublyRobust),
    gain: bounded.map((each) => doublyRobust(each) - each.utility),
    weights: bounded.map(({ weight }) => weight),
  }
  const ratio = sum(values.ips) / sum(values.weights)
  const residuals = bounded.map(({ weight, utility }) => weight * (utility - ratio))
  const resampled = resample(values, seededRandom(seed))
  return {
    logged: meanOf(values.logged, resampled.logged),
    ips: meanOf(values.ips, resampled.ips),
    snips: {
      value: ratio,
      normal: around(ratio, Math.sqrt(sum(residuals.map((each) => each * each))) / sum(values.weights)),
      bootstrap: middle(resampled.snips),
    },
    dr: meanOf(values.dr, resampled.dr),
    gain: meanOf(values.gain, resampled.gain),
    effective: sum(values.weights) ** 2 / sum(values.weights.map((each) => each * each)),
    clip,
    clipped: weights.filter(({ weight }) => weight > clip).length,
    mean_weight: sum(weights.map(({ weight }) => weight)) / weights.length,
  }
}

function doublyRobust({ weight, utility, expected, expected_of_chosen }: Weight): number {
  return expected + weight * (utility - expected_of_chosen)
}

function meanOf(values: readonly number[], resampled: readonly number[]): Estimate {
  const mean = sum(values) / values.length
  const variance = sum(values.map((each) => (each - mean) ** 2)) / Math.max(1, values.length - 1)
  return { value: mean, normal: around(mean, Math.sqrt(variance / values.length)), bootstrap: middle(resampled) }
}

function around(value: number, error: number): [number, number] {
  return [value - 1.96 * error, value + 1.96 * error]
}

/** Draws in all; with very many decisions fewer samples say as much. */
const mostDraws = 20_000_000
const mostSamples = 1000
const fewestSamples = 200

interface Values {
  logged: readonly number[]
  ips: readonly number[]
  dr: readonly number[]
  gain: readonly number[]
  weights: readonly number[]
}

interface Resampled extends Record<'logged' | 'ips' | 'snips' | 'dr' | 'gain', number[]> {}

function resample(values: Values, random: Random): Resampled {
  const count = values.ips.length
  const samples = Math.max(fewestSamples, Math.min(mostSamples, Math.floor(mostDraws / count)))
  const means: Resampled = { logged: [], ips: [], snips: [], dr: [], gain: [] }
  for (let sample = 0; sample < samples; sample += 1) {
    let [logged, ips, dr, gain, weights] = [0, 0, 0, 0, 0]
    for (let draw = 0; draw < count; draw += 1) {
      const at = Math.floor(random() * count)
      logged += values.logged[at] as number
      ips += values.ips[at] as number
      dr += values.dr[at] as number
      gain += values.gain[at] as number
      weights += values.weights[at] as number
    }
    means.logged.push(logged / count)
    means.ips.push(ips / count)
    if (weights > 0) means.snips.push(ips / weights)
    means.dr.push(dr / count)
    means.gain.push(gain / count)
  }
  return means
}

/** Where the middle 95 % of samples lie. */
function middle(samples: readonly number[]): [number, number] {
  const sorted = samples.toSorted((one, other) => one - other)
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN
  return [at(0.025), at(0.975)]
}

function sum(values: readonly number[]): number {
  return values.reduce((whole, each) => whole + each, 0)
}
