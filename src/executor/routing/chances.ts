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
const reach = 6
/** Cells for each standard deviation of the narrowest belief that is still in play. */
const cellsEach = 4
/** Of a range that arithmetic can hold. */
const widest = 1e300
/** What could be chosen, however improbable, has at least this chance: an estimate divides by it. */
const least = 1e-9

/**
 * P(i) = ∫ f_i(x) · Π_{j≠i} F_j(x) dx, over cells that are small wherever any of them has its mass. What lies below the
 * point that one of them is sure to be over decides nothing, and is one cell. Errors are under 0.005; the sum is 1. A
 * belief that is no number gets the least chance.
 */
export function chancesOfGreatest(beliefs: readonly Belief[]): number[] {
  const sound = beliefs.map((each) => to(each) - from(each) > 0 && to(each) - from(each) < widest)
  const bar = beliefs.reduce((most, each, at) => (sound[at] ? Math.max(most, from(each)) : most), -Infinity)
  const rivals = beliefs.flatMap((each, at) => (sound[at] && to(each) >= bar ? [at] : []))
  const chances = beliefs.map(() => least)
  const integrated = integrate(
    rivals.map((at) => beliefs[at] as Belief),
    bar,
  )
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

function integrate(beliefs: readonly Belief[], bar: number): number[] {
  const count = beliefs.length
  const points = pointsOf(beliefs, bar)
  const masses = beliefs.map(() => new Float64Array(points.length - 1))
  const below = Float64Array.from(beliefs, (belief, at) => spread(belief, points, masses[at] as Float64Array))
  const chances = beliefs.map(() => 0)
  // Of the arms after each one: the product of their distributions in the cell's middle.
  const after = new Float64Array(count + 1)
  after[count] = 1
  for (let cell = 0; cell < points.length - 1; cell += 1) {
    for (let at = count - 1; at >= 0; at -= 1)
      after[at] = (after[at + 1] as number) * ((below[at] as number) + (masses[at]?.[cell] as number) / 2)
    let before = 1
    for (let at = 0; at < count; at += 1) {
      const mass = masses[at]?.[cell] as number
      chances[at] = (chances[at] as number) + mass * before * (after[at + 1] as number)
      before *= (below[at] as number) + mass / 2
      below[at] = (below[at] as number) + mass
    }
  }
  return chances
}

/** From the bar, which all of them reach, to where the last one ends. */
function pointsOf(beliefs: readonly Belief[], bar: number): number[] {
  const ends = beliefs.map((belief) => ({ end: to(belief), sd: belief.sd })).sort((a, b) => a.sd - b.sd)
  const points = [bar]
  let x = bar
  for (const { end, sd } of ends) {
    // Whoever is narrower has ended by now. Numbers have neighbours: a step goes at least to one.
    const step = Math.max(sd / cellsEach, Math.abs(x) * 1e-15, Number.MIN_VALUE)
    while (x < end) {
      x = Math.min(end, x + step)
      points.push(x)
    }
  }
  return points
}

/** Fills in how probable each cell between two points is; gives what lies below the first. */
function spread(belief: Belief, points: readonly number[], masses: Float64Array): number {
  if (!belief.below) return spreadDensity(belief, points, masses)
  const first = belief.below(points[0] as number)
  let before = first
  const end = to(belief)
  for (let cell = 0; cell < masses.length && before < 1; cell += 1) {
    const x = points[cell + 1] as number
    const next = x < end ? belief.below(x) : 1
    masses[cell] = next - before
    before = next
  }
  return first
}

/** By the density in the middle of a cell, times its width. */
function spreadDensity(belief: Belief, points: readonly number[], masses: Float64Array): number {
  const { logDensity = () => 0, sd } = belief
  const [low, bar] = [from(belief), points[0] as number]
  const cells = Math.ceil(((bar - low) / sd) * cellsEach)
  const width = (bar - low) / cells
  const under = Float64Array.from({ length: cells }, (_, cell) => logDensity(low + (cell + 0.5) * width))
  const end = to(belief)
  let peak = under.reduce((most, each) => Math.max(most, each), -Infinity)
  for (let cell = 0; cell < masses.length; cell += 1) {
    const middle = ((points[cell] as number) + (points[cell + 1] as number)) / 2
    masses[cell] = middle < end ? logDensity(middle) : -Infinity
    peak = Math.max(peak, masses[cell] as number)
  }
  let first = 0
  for (const each of under) first += Math.exp(each - peak) * width
  let whole = first
  for (let cell = 0; cell < masses.length; cell += 1) {
    const mass = Math.exp((masses[cell] as number) - peak) * ((points[cell + 1] as number) - (points[cell] as number))
    masses[cell] = mass
    whole += mass
  }
  for (let cell = 0; cell < masses.length; cell += 1) masses[cell] = whole > 0 ? (masses[cell] as number) / whole : 0
  return whole > 0 ? first / whole : 0
}
