/** Results that are kept for as long as the process lives. */
import type { CacheRow, CacheStore } from '../executor/resilience/cache.ts'

export function createOwnCache(): CacheStore {
  const rows = new Map<string, CacheRow>()
  return {
    get: async (key) => rows.get(key),
    async put(row) {
      rows.set(row.key, row)
    },
  }
}
