/** The answers that were used last, in memory: so many bytes of them. */
import type { CacheEntry } from '../../../domain/cache.ts'

export interface Remembered {
  readonly entry: CacheEntry
  /** When it was last known to be on disk, by the monotonic clock. */
  seen: number
}

export interface CacheMemory {
  get(key: string): Remembered | undefined
  put(entry: CacheEntry, seen: number): Remembered
  drop(key: string): void
}

/** Bytes of an entry besides its text, roughly. */
const overhead = 500

export function createCacheMemory(most: number): CacheMemory {
  /** The one used last is the last one. */
  const kept = new Map<string, Remembered>()
  let bytes = 0
  const sizeOf = ({ value }: CacheEntry): number => value.length * 2 + overhead

  function drop(key: string): void {
    const known = kept.get(key)
    if (!known) return
    kept.delete(key)
    bytes -= sizeOf(known.entry)
  }

  return {
    drop,
    get(key) {
      const known = kept.get(key)
      if (!known) return undefined
      kept.delete(key)
      kept.set(key, known)
      return known
    },
    put(entry, seen) {
      drop(entry.key)
      const fresh = { entry, seen }
      if (sizeOf(entry) > most) return fresh
      kept.set(entry.key, fresh)
      bytes += sizeOf(entry)
      for (const oldest of kept.keys()) {
        if (bytes <= most) break
        drop(oldest)
      }
      return fresh
    },
  }
}
