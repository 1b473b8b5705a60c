/** The value that so large a share of all values does not pass: the nearest of them, none in between. */

/** Undefined: there are no values. */
export function quantile(values: Iterable<number>, share: number): number | undefined {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.round(share * (sorted.length - 1))]
}
