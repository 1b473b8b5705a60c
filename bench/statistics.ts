/** Few numbers that say much of many. */

function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2
}

export interface Spread {
  median: number
  min: number
  max: number
}

export function spread(numbers: readonly number[]): Spread {
  return { median: median(numbers), min: Math.min(...numbers), max: Math.max(...numbers) }
}

/** The median of the ratios of pairs that were measured one after the other: what disturbs one, disturbs both. */
export function pairedRatio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, at) => value / (theirs[at] ?? Number.NaN)))
}

export function pairedDifference(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((value, at) => value - (theirs[at] ?? Number.NaN)))
}

export function digits(value: number, count = 3): string {
  return Number.isFinite(value) ? value.toFixed(count) : '–'
}

/** Of unsorted numbers, the one below which the share `q` of them lies. */
export function quantile(numbers: readonly number[], q: number): number {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}
