/** What an arm's quality in a context was so far: the direct model of doubly robust estimates. Knows only what it was told. */

/** So many observations is an arm's mean everywhere worth in a context, and the overall mean in an arm. */
const strength = 5
/** Of which nothing is known. */
const unknown = 0.5

interface Sum {
  n: number
  sum: number
}

export interface DirectModel {
  expected(arm: string, context: string): number
  observe(arm: string, context: string, quality: number): void
}

export function createDirectModel(): DirectModel {
  const sums = new Map<string, Sum>()
  const keysOf = (arm: string, context: string) => ['', arm, `${arm}\n${context}`]
  return {
    expected(arm, context) {
      let mean = unknown
      for (const key of keysOf(arm, context)) {
        const { n, sum } = sums.get(key) ?? { n: 0, sum: 0 }
        mean = (sum + strength * mean) / (n + strength)
      }
      return mean
    },
    observe(arm, context, quality) {
      for (const key of keysOf(arm, context)) {
        const known = sums.get(key) ?? { n: 0, sum: 0 }
        known.n += 1
        known.sum += quality
        sums.set(key, known)
      }
    },
  }
}
