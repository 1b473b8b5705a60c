/** What the executor keeps answers in: a part of the store for each world, which all processes share. */
import type { World } from '../app.ts'
import type { CacheParts } from '../../executor/resilience/cache/cache.ts'
import type { LeaseHolder, Store } from '../../state/store/contract.ts'
import { probeHolder, thisHolder } from '../../state/store/holder.ts'
import type { Cells } from '../../std/cells.ts'
import { timeSortedId } from '../../std/ids.ts'
import type { Clock } from '../../std/clock.ts'
import type { Json } from '../../std/json.ts'
import type { Random } from '../../std/random.ts'
import type { CacheSettings } from '../../config/cache.ts'

export interface OpenCacheParts {
  store: Store
  /** See `scopeOf`. */
  scope: string
  settings: CacheSettings
  cells(): Promise<Cells>
  clock: Clock
  random: Random
  warn(message: string): void
}

export function openCache({ store, scope, settings, cells, clock, random, warn }: OpenCacheParts): CacheParts {
  const { memory_bytes, ...limits } = settings
  // One process may have several that are open at once.
  const holder = { ...thisHolder(), id: timeSortedId(clock.now(), random) }
  return {
    disk: {
      get: (key) => store.cacheGet(scope, key),
      write: (batch, now) => store.cacheWrite(scope, batch, now),
      evict: (pools, all, now, most) => store.cacheEvict(scope, pools, all, now, most),
    },
    limits,
    memory_bytes,
    flights: { cells, holder, isAtWork },
    warn,
  }
}

/** Of a process on another machine nobody can tell; one that was stopped may never go on. */
function isAtWork(holder: Json): boolean {
  const life = probeHolder(holder as unknown as LeaseHolder)
  return life === 'alive' || life === 'elsewhere'
}

/** Answers of one server are not given in place of another's. */
export function scopeOf(world: World, baseUrl: string | undefined): string {
  return baseUrl === undefined || world !== 'real' ? world : `real at ${baseUrl}`
}
