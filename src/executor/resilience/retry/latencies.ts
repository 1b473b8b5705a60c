/** How long the last answers of a candidate took, in this process: what a hedge that waits for a percentile goes by. */
import type { HedgePolicy } from '../../../domain/hedge.ts'

const kept = 100
const least = 10

export interface Latencies {
  add(ms: number): void
  /** When to hedge, milliseconds; undefined: fewer than ten answers were timed. */
  after(policy: HedgePolicy): number | undefined
}

function createLatencies(): Latencies {
  const last: number[] = []
  let next = 0
  return {
    add(ms) {
      last[next] = ms
      next = (next + 1) % kept
    },
    after({ after }) {
      if ('ms' in after) return after.ms
      if (last.length < least) return undefined
      const sorted = last.toSorted((a, b) => a - b)
      return sorted[Math.ceil((after.percentile / 100) * sorted.length) - 1]
    },
  }
}

/** By target and model. */
export function latenciesByModel(): (candidate: { target: string; model: string }) => Latencies {
  const made = new Map<string, Latencies>()
  return ({ target, model }) => {
    const key = `${target} ${model}`
    let found = made.get(key)
    if (!found) made.set(key, (found = createLatencies()))
    return found
  }
}
