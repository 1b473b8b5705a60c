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
/** Cells for each standard deviation of the narrowest belief that is still in play; distributions need fewer than densities. */
const cellsEach = 4
const cellsOfDistributions = 3
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

/** Used anew by each choice, which waits for nothing: fresh memory would cost a third of one among a few arms. */
let workspace = new Float64Array(1024)

function integrate(beliefs: readonly Belief[], bar: number): number[] {
  const count = beliefs.length
  const points = pointsOf(beliefs, bar)
  const size = points.length * count
  if (workspace.length < size + count + 1) workspace = new Float64Array(size + count + 1)
  // How probable each is to be less than a point, point by point.
  const below = workspace
  for (let at = 0; at < count; at += 1) fillBelow(beliefs[at] as Belief, points, below, at, count)
  const chances = beliefs.map(() => 0)
  // Of the arms after each one, from `size` on: the product of their distributions in the cell's middle.
  below[size + count] = 1
  for (let cell = count; cell < size; cell += count) {
    for (let at = count - 1; at > 0; at -= 1) {
      const middle = ((below[cell - count + at] as number) + (below[cell + at] as number)) / 2
      below[size + at] = (below[size + at + 1] as number) * middle
    }
    let before = 1
    for (let at = 0; at < count; at += 1) {
      const low = below[cell - count + at] as number
      const high = below[cell + at] as number
      chances[at] = (chances[at] as number) + (high - low) * before * (below[size + at + 1] as number)
      before *= (low + high) / 2
    }
  }
  return chances
}

/** From the bar, which all of them reach, to where the last one ends. */
function pointsOf(beliefs: readonly Belief[], bar: number): number[] {
  const ends = beliefs.map((belief) => ({ end: to(belief), sd: belief.sd })).sort((a, b) => a.sd - b.sd)
  const cells = beliefs.every(({ below }) => below) ? cellsOfDistributions : cellsEach
  const points = [bar]
  let x = bar
  for (const { end, sd } of ends) {
    // Whoever is narrower has ended by now. Numbers have neighbours: a step goes at least to one.
    const step = Math.max(sd / cells, Math.abs(x) * 1e-15, Number.MIN_VALUE)
    while (x < end) {
      x = Math.min(end, x + step)
      points.push(x)
    }
  }
  return points
}

/** Writes to every `count`th place, from `at` on. */
function fillBelow(belief: Belief, points: readonly number[], below: Float64Array, at: number, count: number): void {
  const end = to(belief)
  if (!belief.below) fillFromDensity(belief, points, below, at, count)
  else
    for (let point = 0, place = at; point < points.length; point += 1, place += count) {
      const x = points[point] as number
      below[place] = x < end ? belief.below(x) : 1
    }
}

/** By the density in the middle of each cell, times its width. */
function fillFromDensity(belief: Belief, points: readonly number[], below: Float64Array, at: number, count: number) {
  const { logDensity = () => 0, sd } = belief
  const [low, bar, end] = [from(belief), points[0] as number, to(belief)]
  const under = Math.ceil(((bar - low) / sd) * cellsEach)
  const all = [...Array.from({ length: under }, (_, cell) => low + ((bar - low) * cell) / under), ...points]
  const masses = new Float64Array(all.length - 1)
  let peak = -Infinity
  for (let cell = 0; cell < masses.length; cell += 1) {
    const middle = ((all[cell] as number) + (all[cell + 1] as number)) / 2
    masses[cell] = middle < end ? logDensity(middle) : -Infinity
    peak = Math.max(peak, masses[cell] as number)
  }
  let whole = 0
  for (let cell = 0; cell < masses.length; cell += 1) {
    masses[cell] = Math.exp((masses[cell] as number) - peak) * ((all[cell + 1] as number) - (all[cell] as number))
    whole += masses[cell] as number
  }
  let sum = 0
  for (let cell = 0; cell < all.length; cell += 1) {
    if (cell >= under) below[at + (cell - under) * count] = whole > 0 ? sum / whole : 0
    sum += masses[cell] ?? 0
  }
}
