/** Exact-match results: the same model with the same input is not paid for twice (ruling 20; off by default). */
import type { CachePolicy } from '../../domain/definition.ts'
import { type KeptFile, parseArtifactUri } from '../../domain/file.ts'
import type { Clock } from '../../std/clock.ts'
import { hashJson } from '../../std/hash.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Candidate, TargetResult } from '../../targets/target.ts'

/** The two methods of the store that the cache needs. */
export interface CacheStore {
  get(key: string, now: number): Promise<CacheRow | undefined>
  put(entry: CacheRow): Promise<void>
}

export interface CacheRow {
  key: string
  value: Json
  cost_usd: number | null
  created_at: number
  expires_at: number | undefined
}

/** What is kept of a result. */
export interface KeptResult {
  output: Json
  files: KeptFile[]
  model: string
  /** Of the call that gave it; null: unknown. */
  cost_usd: number | null
}

export interface CallCache {
  find(key: string, policy: CachePolicy): Promise<KeptResult | undefined>
  keep(key: string, policy: CachePolicy, result: TargetResult): Promise<KeptResult>
  /** An equal call in flight; resolves with what it kept, or undefined when it failed. */
  inFlight(key: string): Promise<KeptResult | undefined> | undefined
  /** Announces that a call is made; the function given back tells those who waited. */
  lead(key: string): (kept: KeptResult | undefined) => void
}

export function createCallCache(store: CacheStore, clock: Clock): CallCache {
  const flights = new Map<string, Promise<KeptResult | undefined>>()
  return {
    async find(key, policy) {
      const now = clock.now()
      const row = await store.get(key, now)
      if (!row || (row.expires_at !== undefined && row.expires_at <= now)) return undefined
      if (policy.ttl_ms !== undefined && row.created_at + policy.ttl_ms <= now) return undefined
      return { ...(row.value as unknown as Omit<KeptResult, 'cost_usd'>), cost_usd: row.cost_usd }
    },
    async keep(key, policy, { output, files, model, cost_usd }) {
      const value = { output, files, model }
      const now = clock.now()
      const expires_at = policy.ttl_ms === undefined ? undefined : now + policy.ttl_ms
      await store.put({ key, value, cost_usd, created_at: now, expires_at })
      return { ...value, cost_usd }
    },
    inFlight: (key) => flights.get(key),
    lead(key) {
      const { promise, resolve } = Promise.withResolvers<KeptResult | undefined>()
      flights.set(key, promise)
      return (kept) => {
        flights.delete(key)
        resolve(kept)
      }
    },
  }
}

/** `model` is pinned: with its version where it has one. Files count by content, not by name. */
export function cacheKey(candidate: Candidate, model: string, input: JsonObject): string {
  const kind = candidate.deployment ? 'deployment' : 'model'
  return hashJson({ v: 1, target: candidate.target, kind, model, input: withoutNames(input) })
}

function withoutNames(value: Json): Json {
  if (typeof value === 'string') return parseArtifactUri(value) ? `artifact:${parseArtifactUri(value)?.sha256}` : value
  if (Array.isArray(value)) return value.map(withoutNames)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutNames(each)]))
}
