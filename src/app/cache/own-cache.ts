/** Results that are kept for as long as the process lives, for nobody else. */
import type { CacheEntry } from '../../domain/cache.ts'
import type { CacheParts } from '../../executor/resilience/cache/cache.ts'

export function createOwnCache(): CacheParts {
  const entries = new Map<string, CacheEntry>()
  return {
    disk: {
      get: async (key) => entries.get(key),
      async write({ put, dropped }) {
        for (const entry of put) entries.set(entry.key, entry)
        for (const { key } of dropped) entries.delete(key)
      },
      evict: async () => 0,
    },
  }
}
