/** Random numbers of other shapes than even: normal, gamma, beta. A seeded source gives the same ones again. */
import type { Random } from './random.ts'

/**
 * The ziggurat of Marsaglia and Tsang (2000): the right half of the density exp(−x² / 2), cut into layers of equal area.
 * Layer 0 is the lowest, with the tail beyond `edge`; `edges[i]` is how far layer i reaches, `heights[i]` the density there.
 */
const layers = 128
const edge = 3.442619855899
const area = 9.91256303526217e-3
const edges = new Float64Array(layers + 1)
const heights = new Float64Array(layers + 1)
buildLayers()

function buildLayers(): void {
  const density = (x: number) => Math.exp((-x * x) / 2)
  edges[0] = area / density(edge)
  edges[1] = edge
  for (let at = 2; at < layers; at += 1) {
    const below = edges[at - 1] as number
    edges[at] = Math.sqrt(-2 * Math.log(area / below + density(below)))
  }
  for (let at = 0; at <= layers; at += 1) heights[at] = density(edges[at] as number)
}

/** Normal with mean 0 and standard deviation 1. */
export function normal(random: Random): number {
  for (;;) {
    // One number says which layer, which side, and how far within it.
    const drawn = random() * 2 * layers
    const whole = Math.floor(drawn)
    const layer = whole >> 1
    const x = (drawn - whole) * (edges[layer] as number)
    const isInside = x < (edges[layer + 1] as number)
    if (isInside || isUnder(layer, x, random)) return whole % 2 === 0 ? x : -x
    if (layer === 0) return whole % 2 === 0 ? tail(random) : -tail(random)
  }
}

/** Of a point between the ends of a layer and of the one above: whether it is under the curve. */
function isUnder(layer: number, x: number, random: Random): boolean {
  if (layer === 0) return false
  const [low, high] = [heights[layer] as number, heights[layer + 1] as number]
  return low + random() * (high - low) < Math.exp((-x * x) / 2)
}

/** Beyond the edge (Marsaglia 1964). */
function tail(random: Random): number {
  for (;;) {
    const x = -Math.log(1 - random()) / edge
    const y = -Math.log(1 - random())
    if (2 * y > x * x) return edge + x
  }
}

/**
 * Gamma with scale 1, by rejection (Marsaglia and Tsang 2000); for a shape under 1 by their boost. NaN for a shape
 * that is no positive number.
 */
export function gamma(shape: number, random: Random): number {
  if (!(shape > 0 && shape < Infinity)) return Number.NaN
  if (shape < 1) return gamma(shape + 1, random) * (1 - random()) ** (1 / shape)
  const d = shape - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = normal(random)
    const root = 1 + c * x
    if (root <= 0) continue
    const v = root * root * root
    const u = 1 - random()
    // The first test is a cheap bound of the second, and settles nearly all.
    if (u < 1 - 0.0331 * x * x * x * x || Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v
  }
}

/** Beta, exactly: a share of two gammas. NaN for parameters that are no positive numbers. */
export function beta(a: number, b: number, random: Random): number {
  const x = gamma(a, random)
  return x / (x + gamma(b, random))
}

/**
 * Beta for parameters that are large together (more than about 30) and at least 1 each, in half the time: normal on the arcsine scale, on
 * which the variance hardly depends on the mean, so that it keeps to [0, 1] and leans as a beta does near the ends.
 */
export function nearBeta(a: number, b: number, random: Random): number {
  const n = a + b
  // The median of a beta (Kerman 2011), which the middle of what is symmetric here becomes.
  const median = (a - 1 / 3) / (n - 2 / 3)
  const root = Math.sin(Math.asin(Math.sqrt(median)) + normal(random) / (2 * Math.sqrt(n)))
  return root * root
}

/** How probable a standard normal number is to be less than `z`, within 1e-7 (Abramowitz and Stegun 1964, 7.1.26). */
export function normalBelow(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const tail =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-x * x)
  return z < 0 ? tail / 2 : 1 - tail / 2
}
