/**
 * Exact-match results: the same model with the same input is not paid for twice (ruling 20; off by default). In memory
 * what was used last, behind it the disk that processes share.
 *
 * 1. Who finds nothing near leads: it announces the flight in the same turn, looks on disk, and makes the call. Equal
 *    calls wait for it, and look again when it was in vain.
 * 2. What is in memory is looked up on disk again after `trustMs`: what another process cleared is gone by then.
 * 3. The disk is written in batches (`cache-log.ts`), never on the path of a call.
 */
import {
  type CacheEntry,
  type CacheGone,
  type CacheLimits,
  type CachePool,
  type GoneReason,
  goneReasons,
  type MissReason,
} from '../../../domain/cache.ts'
import type { CachePolicy } from '../../../domain/definition.ts'
import type { Clock } from '../../../std/clock.ts'
import { inBackground, type InBackground } from '../../../std/in-background.ts'
import { CacheClaims, type SharedFlights } from './flights.ts'
import { type CacheDisk, CacheLog } from './log.ts'
import { createCacheMemory, type Remembered } from './memory.ts'

export interface CacheParts {
  disk: CacheDisk
  /** Of all agents together; default: none. */
  limits?: CacheLimits
  memory_bytes?: number
  /** Absent: equal calls of several processes at once are each made. */
  flights?: SharedFlights
  warn?(message: string): void
  inBackground?: InBackground
}

/** What is looked for. */
export interface Wanted {
  key: string
  agent: string
  target: string
  model: string
  version: string | undefined
  /** See `CacheEntry.parts`; worked out when it is first asked for. */
  parts(): Readonly<Record<string, string>>
  policy: CachePolicy
}

export type Found = { entry: CacheEntry } | { missing: MissReason }

export interface CallCache {
  /** In memory; undefined: look further. */
  near(key: string): CacheEntry | undefined
  /** An equal call in flight; resolves with what it kept, or undefined when it was in vain. */
  inFlight(key: string): Promise<CacheEntry | undefined> | undefined
  /** Announces that a call is made; the function given back tells those who wait. */
  lead(key: string): (kept: CacheEntry | undefined) => void
  /**
   * For who leads: on disk, once no other process is at the same call. `fits` says why an entry does not do, or undefined.
   * Rejects as the signal does.
   */
  find(
    wanted: Wanted,
    fits: (entry: CacheEntry) => Promise<MissReason | undefined>,
    signal: AbortSignal,
  ): Promise<Found>
  keep(entry: CacheEntry, policy: CachePolicy): void
  hit(wanted: Wanted, entry: CacheEntry): void
  missed(wanted: Wanted): void
  /** It can not be given again. */
  drop(entry: CacheEntry, why: GoneReason): void
  warn(what: string, error: unknown): void
  /** Whether a file was read once, and was whole. */
  readonly verified: Set<string>
  /** Resolves when all that happened is on disk. */
  flush(): Promise<void>
  close(): Promise<void>
}

const trustMs = 1_000
const defaultMemoryBytes = 64_000_000
const mostVerified = 10_000

export function createCallCache(parts: CacheParts, clock: Clock): CallCache {
  const { disk, limits = {}, memory_bytes = defaultMemoryBytes, flights, warn = () => {} } = parts
  const memory = createCacheMemory(memory_bytes)
  const flying = new Map<string, Promise<CacheEntry | undefined>>()
  const claims = flights && new CacheClaims(flights, clock)
  const verified = new Set<string>()
  const log = new CacheLog({
    ...{ disk, limits, clock, warn },
    inBackground: parts.inBackground ?? inBackground,
    async written() {
      try {
        await claims?.giveBack()
      } catch (error) {
        log.warn('claims on calls in flight are not given back', error)
      }
    },
  })

  function trusted(known: Remembered | undefined): CacheEntry | undefined {
    return known && clock.monotonic() - known.seen < trustMs ? known.entry : undefined
  }

  async function onDisk(key: string): Promise<Found> {
    const known = log.waiting(key)
    if (known) return { entry: known }
    try {
      const found = await disk.get(key)
      if (found && 'key' in found) return { entry: memory.put(found, clock.monotonic()).entry }
      memory.drop(key)
      return { missing: reasonOf(found) }
    } catch (error) {
      log.warn('the cache could not be read', error)
      const remembered = memory.get(key)
      return remembered ? { entry: remembered.entry } : { missing: 'absent' }
    }
  }

  async function claimed(key: string, signal: AbortSignal): Promise<boolean> {
    try {
      return (await claims?.claim(key, signal)) ?? true
    } catch (error) {
      if (signal.aborted) throw error
      log.warn('other processes are not told of calls in flight', error)
      return true
    }
  }

  return {
    verified,
    near: (key) => log.waiting(key) ?? trusted(memory.get(key)),
    inFlight: (key) => flying.get(key),
    lead(key) {
      const { promise, resolve } = Promise.withResolvers<CacheEntry | undefined>()
      flying.set(key, promise)
      return (kept) => {
        flying.delete(key)
        if (claims?.over(key)) log.soon()
        resolve(kept)
      }
    },
    async find({ key }, fits, signal) {
      let seen: CacheEntry | undefined
      let missing: MissReason = 'absent'
      const look = async (): Promise<CacheEntry | undefined> => {
        const found = await onDisk(key)
        if (!('entry' in found)) {
          // What did not do and is gone by now says more.
          if (!seen) missing = found.missing
          return undefined
        }
        if (seen?.created_at === found.entry.created_at) return undefined
        seen = found.entry
        const why = await fits(found.entry)
        if (why === undefined) return found.entry
        missing = why
        return undefined
      }
      let entry = await look()
      for (let ours = !claims; !entry && !ours; entry = await look()) ours = await claimed(key, signal)
      return entry ? { entry } : { missing }
    },
    keep(entry, policy) {
      if (memory_bytes > 0) memory.put(entry, clock.monotonic())
      log.put(entry, poolOf(entry.agent, policy))
    },
    hit({ key, agent, model }, { cost_usd, latency_ms }) {
      log.used(key, clock.now())
      const money = cost_usd === null ? { unknown_hits: 1 } : { saved_usd: cost_usd }
      log.count(agent, model, { hits: 1, saved_ms: latency_ms ?? 0, ...money })
    },
    missed: ({ agent, model }) => log.count(agent, model, { misses: 1 }),
    drop(entry, why) {
      memory.drop(entry.key)
      log.drop(entry, why)
    },
    warn: (what, error) => log.warn(what, error),
    flush: () => log.flush(),
    async close() {
      await log.close()
      await claims?.tidy().catch((error: unknown) => log.warn('what other processes left is not taken away', error))
    },
  }
}

function poolOf(agent: string, { policy = 'lru', max_entries, max_bytes }: CachePolicy): CachePool {
  return {
    agent,
    policy,
    ...(max_entries !== undefined && { max_entries }),
    ...(max_bytes !== undefined && { max_bytes }),
  }
}

function reasonOf(found: CacheGone | undefined): MissReason {
  return found && goneReasons.includes(found.gone) ? found.gone : 'absent'
}

/** So that it does not grow for ever. */
export function remember(verified: Set<string>, hash: string): void {
  if (verified.size >= mostVerified) verified.clear()
  verified.add(hash)
}
