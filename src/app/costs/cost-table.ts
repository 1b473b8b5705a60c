/** Adds up what calls cost, by what they have in common. What is unknown is counted, never added as nothing. */
import { z } from 'zod'
import type { Spending } from './spending.ts'

const sums = {
  calls: z.number().describe('settled or open; cached answers are none'),
  cost_usd: z.number().nullable().describe('of the calls whose cost is known; null: of none of them'),
  unknown_calls: z.number().describe('settled, at an unknown cost'),
  open_calls: z.number().describe('not settled: in flight, or left by a process that died; their cost is unknown'),
  failed_calls: z.number().describe('failed, cancelled or given up; what they cost is in `cost_usd`'),
  failed_usd: z.number().describe('the known part of what these cost'),
  cached_calls: z.number().describe('answered from the cache, for nothing'),
  saved_usd: z.number().nullable().describe('what the answers in the cache had cost; null: unknown of all of them'),
}
export const costRowShape = z.object({ key: z.string().nullable(), ...sums })
export const costTotalShape = z.object(sums)
type Sums = z.infer<typeof costTotalShape>

/** In billionths of a dollar, as whole numbers: sums of them are exact, in whatever order. */
interface Tally {
  calls: number
  known: number
  nano: number
  unknown: number
  open: number
  failed: number
  failedNano: number
  cached: number
  savedKnown: number
  savedNano: number
}

const empty = (): Tally => ({
  ...{ calls: 0, known: 0, nano: 0, unknown: 0, open: 0, failed: 0, failedNano: 0 },
  ...{ cached: 0, savedKnown: 0, savedNano: 0 },
})

export class CostTable {
  readonly #rows = new Map<string | null, Tally>()
  readonly #total = empty()

  add(key: string | null, spending: Pick<Spending, 'status' | 'usd'>): void {
    const row = this.#rows.get(key) ?? empty()
    this.#rows.set(key, row)
    count(row, spending)
    count(this.#total, spending)
  }

  /** The dearest first; by day, in order. */
  rows(byKey: boolean): z.infer<typeof costRowShape>[] {
    const names = (a: string | null, b: string | null) => ((a ?? '') < (b ?? '') ? -1 : 1)
    return [...this.#rows]
      .toSorted(([a, left], [b, right]) => (byKey ? 0 : right.nano - left.nano) || names(a, b))
      .map(([key, tally]) => ({ key, ...sumsOf(tally) }))
  }

  total(): Sums {
    return sumsOf(this.#total)
  }
}

function count(tally: Tally, { status, usd }: Pick<Spending, 'status' | 'usd'>): void {
  const nano = usd === null ? undefined : Math.round(usd * 1e9)
  if (status === 'cached') {
    tally.cached += 1
    if (nano === undefined) return
    tally.savedKnown += 1
    tally.savedNano += nano
    return
  }
  tally.calls += 1
  if (status === 'open') {
    tally.open += 1
    return
  }
  if (status !== 'succeeded') tally.failed += 1
  if (nano === undefined) {
    tally.unknown += 1
    return
  }
  tally.known += 1
  tally.nano += nano
  if (status !== 'succeeded') tally.failedNano += nano
}

function sumsOf(tally: Tally): Sums {
  return {
    calls: tally.calls,
    // Without any call nothing was spent, and that is known.
    cost_usd: tally.known === 0 && tally.calls > 0 ? null : tally.nano / 1e9,
    unknown_calls: tally.unknown,
    open_calls: tally.open,
    failed_calls: tally.failed,
    failed_usd: tally.failedNano / 1e9,
    cached_calls: tally.cached,
    saved_usd: tally.savedKnown === 0 && tally.cached > 0 ? null : tally.savedNano / 1e9,
  }
}
