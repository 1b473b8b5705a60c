/** How probable each of several independent uncertain values is to be the greatest, by numerical integration. */

/** What is believed of a value. */
export interface Belief {
  mean: number
  sd: number
  /** Where it may lie. */
  low: number
  high: number
  /** How probable it is to be less than x; or, where that is hard to say, the logarithm of its density, up to a constant. */
  below?(x: number): number
  logDensity?(x: number): number
}

export function normalBelief(mean: number, sd: number): Belief {
  return { mean, sd, low: -Infinity, high: Infinity, logDensity: (x) => -(((x - mean) / sd) ** 2) / 2 }
}

/** Both parameters are at least 1. */
export function betaBelief(a: number, b: number): Belief {
  const n = a + b
  const sd = Math.sqrt((a * b) / (n * n * (n + 1)))
  return { mean: a / n, sd, low: 0, high: 1, logDensity: (x) => (a - 1) * Math.log(x) + (b - 1) * Math.log(1 - x) }
}

/** So many standard deviations on both sides of a mean are looked at. */
const reach = 8
/** Points for each standard deviation, and of all beliefs together. */
const pointsEach = 5
const mostPoints = 2000
/** Of a range that arithmetic can hold. */
const widest = 1e300
/** What could be chosen, however improbable, has at least this chance: an estimate divides by it. */
const least = 1e-9

/**
 * P(i) = ∫ f_i(x) · Π_{j≠i} F_j(x) dx, each density f by the midpoint rule on cells that are small wherever any of
 * them has its mass. Errors are under 0.005; the sum is 1. A belief that is no number gets the least chance.
 */
export function chancesOfGreatest(beliefs: readonly Belief[]): number[] {
  const sound = beliefs.map((each) => to(each) - from(each) > 0 && to(each) - from(each) < widest)
  const bar = beliefs.reduce((most, each, at) => (sound[at] ? Math.max(most, from(each)) : most), -Infinity)
  const rivals = beliefs.flatMap((each, at) => (sound[at] && to(each) >= bar ? [at] : []))
  const chances = beliefs.map(() => least)
  const integrated = integrate(rivals.map((at) => beliefs[at] as Belief))
  for (const [order, at] of rivals.entries()) chances[at] = Math.max(least, integrated[order] as number)
  const sum = chances.reduce((whole, each) => whole + each, 0)
  return chances.map((each) => each / sum)
}

function from({ mean, sd, low }: Belief): number {
  return Math.max(low, mean - reach * sd)
}

function to({ mean, sd, high }: Belief): number {
  return Math.min(high, mean + reach * sd)
}

function integrate(beliefs: readonly Belief[]): number[] {
  const points = pointsOf(beliefs)
  const masses = beliefs.map((belief) => massesOf(belief, points))
  const chances = beliefs.map(() => 0)
  const below = new Float64Array(beliefs.length)
  // Of the arms after each one: the product of their distributions in the cell's middle.
  const after = new Float64Array(beliefs.length + 1)
  for (let cell = 0; cell < points.length - 1; cell += 1) {
    after[beliefs.length] = 1
    for (let at = beliefs.length - 1; at >= 0; at -= 1)
      after[at] = (after[at + 1] as number) * ((below[at] as number) + (masses[at]?.[cell] as number) / 2)
    let before = 1
    for (let at = 0; at < beliefs.length; at += 1) {
      const mass = masses[at]?.[cell] as number
      chances[at] = (chances[at] as number) + mass * before * (after[at + 1] as number)
      before *= (below[at] as number) + mass / 2
      below[at] = (below[at] as number) + mass
    }
  }
  return chances
}

/** Sorted, and thinned where there are very many beliefs. */
function pointsOf(beliefs: readonly Belief[]): Float64Array {
  const all = beliefs.flatMap((belief) => {
    const [first, last] = [from(belief), to(belief)]
    const cells = Math.ceil(((last - first) / belief.sd) * pointsEach)
    return Array.from({ length: cells + 1 }, (_, at) => first + ((last - first) * at) / cells)
  })
  const sorted = Float64Array.from(new Set(all)).sort()
  if (sorted.length <= mostPoints) return sorted
  const step = (sorted.length - 1) / (mostPoints - 1)
  return Float64Array.from({ length: mostPoints }, (_, at) => sorted[Math.round(at * step)] as number)
}

/** The probability of each cell between two points: its density in the middle, times its width, of all of them. */
function massesOf(belief: Belief, points: Float64Array): Float64Array {
  const masses = new Float64Array(points.length - 1)
  if (belief.below) {
    const shares = points.map(belief.below)
    return masses.map((_, cell) => (shares[cell + 1] as number) - (shares[cell] as number))
  }
  const logDensity = belief.logDensity ?? (() => 0)
  let peak = -Infinity
  for (let cell = 0; cell < masses.length; cell += 1) {
    const density = logDensity(((points[cell] as number) + (points[cell + 1] as number)) / 2)
    masses[cell] = density
    peak = Math.max(peak, density)
  }
  let whole = 0
  for (let cell = 0; cell < masses.length; cell += 1) {
    const mass = Math.exp((masses[cell] as number) - peak) * ((points[cell + 1] as number) - (points[cell] as number))
    masses[cell] = mass
    whole += mass
  }
  return masses.map((mass) => (whole > 0 ? mass / whole : 0))
}
