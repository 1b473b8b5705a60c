/** What is in the cache of results, and what it was good for. */
import { z } from 'zod'
import { cacheSettings } from '../../../config/cache.ts'
import type { CacheCount, CacheShare } from '../../../domain/cache.ts'
import { defineAction } from '../../action.ts'

const sums = {
  entries: z.number().describe('answers that are kept'),
  bytes: z.number().describe('of them, files included'),
  hits: z.number(),
  misses: z.number(),
  hit_rate: z.number().nullable().describe('share of hits; null: it was never asked'),
  saved_usd: z.number().describe('what the answers that were given again had cost'),
  unknown_hits: z.number().describe('hits whose answer had an unknown cost, which is in no sum'),
  saved_ms: z.number().describe('how long their calls had taken'),
}
const rowShape = z.object({ agent: z.string(), model: z.string(), ...sums })
type Row = z.output<typeof rowShape>
type Sums = Omit<Row, 'agent' | 'model'>

export const cacheStats = defineAction({
  noun: 'cache',
  verb: 'stats',
  summary: 'show what is in the cache of results, and what it was good for',
  input: z.object({}),
  output: z.object({
    rows: z.array(rowShape).describe('by agent and model; what is kept belongs to the agent whose call it was'),
    total: z.object(sums),
    limits: z.object({ max_entries: z.number(), max_bytes: z.number(), memory_bytes: z.number() }),
  }),
  async run(app) {
    const config = await app.config()
    config.use('cache')
    const [store, scope] = [await app.store(), await app.cacheScope(app.world)]
    const rows = rowsOf(await store.cacheShares(scope), await store.cacheCounts(scope))
    const total = rows.reduce<Sums>(added, empty)
    return { rows, total, limits: cacheSettings(config.spec.cache ?? {}) }
  },
})

const empty: Sums = {
  ...{ entries: 0, bytes: 0, hits: 0, misses: 0, hit_rate: null, saved_usd: 0, unknown_hits: 0, saved_ms: 0 },
}

function rowsOf(shares: readonly CacheShare[], counts: readonly CacheCount[]): Row[] {
  const rows = new Map<string, Row>()
  for (const { agent, model, ...part } of [...shares, ...counts]) {
    const name = JSON.stringify([agent, model])
    rows.set(name, { agent, model, ...added(rows.get(name) ?? empty, { ...empty, ...part }) })
  }
  return [...rows.values()].toSorted((a, b) =>
    a.agent === b.agent ? order(a.model, b.model) : order(a.agent, b.agent),
  )
}

function added(a: Sums, b: Sums): Sums {
  const [hits, misses] = [a.hits + b.hits, a.misses + b.misses]
  return {
    ...{ hits, misses, hit_rate: hits + misses === 0 ? null : hits / (hits + misses) },
    ...{ entries: a.entries + b.entries, bytes: a.bytes + b.bytes, unknown_hits: a.unknown_hits + b.unknown_hits },
    // Whole billionths add up without a tail.
    saved_usd: (Math.round(a.saved_usd * 1e9) + Math.round(b.saved_usd * 1e9)) / 1e9,
    saved_ms: Math.round(a.saved_ms + b.saved_ms),
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
