/**
 * What happened to the cache and is not on disk yet: written in batches, never on the path of a call. A disk that refuses
 * it is told of once, and harms nothing else.
 */
import type {
  CacheBatch,
  CacheCount,
  CacheEntry,
  CacheGone,
  CacheLimits,
  CachePool,
  GoneReason,
} from '../../../domain/cache.ts'
import type { Clock } from '../../../std/clock.ts'
import type { InBackground } from '../../../std/in-background.ts'

/** Where answers are kept, for this and other processes. */
export interface CacheDisk {
  get(key: string): Promise<CacheEntry | CacheGone | undefined>
  write(batch: CacheBatch, now: number): Promise<void>
  /** See `Store.cacheEvict`. */
  evict(pools: readonly CachePool[], all: CacheLimits, now: number, most: number): Promise<number>
}

export interface CacheLogParts {
  disk: CacheDisk
  /** Of all agents together. */
  limits: CacheLimits
  clock: Clock
  inBackground: InBackground
  warn(message: string): void
  /** Called after each batch, whether it could be written or not. */
  written(): Promise<void>
}

const batchMs = 100
/** After something was put; eviction goes through an index of all that is kept. */
const evictMs = 1_000
/** Others may write in between. */
const evictedAtOnce = 500

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class CacheLog {
  readonly #parts: CacheLogParts
  readonly #puts = new Map<string, CacheEntry>()
  /** Being written. */
  #leaving: ReadonlyMap<string, CacheEntry> = new Map()
  readonly #used = new Map<string, { times: number; at: number }>()
  readonly #dropped = new Map<string, { why: GoneReason; created_at: number }>()
  readonly #counts = new Map<string, Mutable<CacheCount>>()
  readonly #pools = new Map<string, CachePool>()
  #grown = false
  #flushing: (() => void) | undefined
  #evicting: (() => void) | undefined
  #closed = false
  #writing: Promise<void> = Promise.resolve()
  readonly #warned = new Set<string>()

  constructor(parts: CacheLogParts) {
    this.#parts = parts
  }

  /** What was put and may not be on disk yet. */
  waiting(key: string): CacheEntry | undefined {
    return this.#puts.get(key) ?? this.#leaving.get(key)
  }

  put(entry: CacheEntry, pool: CachePool): void {
    this.#puts.set(entry.key, entry)
    this.#dropped.delete(entry.key)
    this.#used.delete(entry.key)
    this.#pools.set(pool.agent, pool)
    this.#grown = true
    this.soon()
  }

  used(key: string, at: number): void {
    const known = this.#used.get(key)
    if (known) {
      known.times += 1
      known.at = at
    } else this.#used.set(key, { times: 1, at })
    this.soon()
  }

  drop({ key, created_at }: CacheEntry, why: GoneReason): void {
    const waiting = this.#puts.get(key)
    if (waiting && waiting.created_at <= created_at) this.#puts.delete(key)
    this.#dropped.set(key, { why, created_at })
    this.soon()
  }

  count(agent: string, model: string, more: Partial<Omit<CacheCount, 'agent' | 'model'>>): void {
    const name = `${model} ${agent}`
    const count = this.#counts.get(name) ?? {
      ...{ agent, model, hits: 0, misses: 0, saved_usd: 0, unknown_hits: 0, saved_ms: 0 },
    }
    for (const [what, number] of Object.entries(more)) count[what as 'hits'] += number
    this.#counts.set(name, count)
    this.soon()
  }

  /** Writes what there is within a tenth of a second. */
  soon(): void {
    if (this.#closed) return
    this.#flushing ??= this.#parts.inBackground(batchMs, () => {
      this.#flushing = undefined
      void this.flush()
      if (this.#grown) this.#evicting ??= this.#parts.inBackground(evictMs, () => void this.#evict())
    })
  }

  /** Told once of each reason. */
  warn(what: string, error: unknown): void {
    const { message } = error as Error
    const text = `${what}: ${message}`
    if (this.#warned.has(text)) return
    this.#warned.add(text)
    this.#parts.warn(text)
  }

  /** Resolves when all that happened before is written, or could not be. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#flushing?.()
    this.#evicting?.()
    await this.flush()
    await this.#evict()
  }

  async #write(): Promise<void> {
    const { disk, clock, written } = this.#parts
    const batch: CacheBatch = {
      put: [...this.#puts.values()],
      used: [...this.#used].map(([key, use]) => ({ key, ...use })),
      dropped: [...this.#dropped].map(([key, drop]) => ({ key, ...drop })),
      counts: [...this.#counts.values()],
    }
    this.#leaving = new Map(this.#puts)
    for (const list of [this.#puts, this.#used, this.#dropped, this.#counts]) list.clear()
    try {
      if (Object.values(batch).some((list: readonly unknown[]) => list.length > 0)) await disk.write(batch, clock.now())
    } catch (error) {
      this.warn('answers are not kept in the cache', error)
    }
    this.#leaving = new Map()
    await written()
  }

  async #evict(): Promise<void> {
    this.#evicting = undefined
    if (!this.#grown) return
    this.#grown = false
    const { disk, limits, clock } = this.#parts
    try {
      // Bounded, for others may put as fast as this removes.
      for (let round = 0; round < 100; round += 1)
        if ((await disk.evict([...this.#pools.values()], limits, clock.now(), evictedAtOnce)) === 0) break
    } catch (error) {
      this.warn('the cache could not be shortened', error)
    }
  }
}
