/** What the cache of results may hold in all: as written → as it is kept to. */
import { mostCached } from '../documents/agent/cache-spec.ts'
import { byteSize, strict, whole } from '../documents/spec-fields.ts'
import { parseBytes } from '../std/byte-size.ts'

export const defaultCacheSettings = { max_entries: 100_000, max_bytes: '10GB', memory_bytes: '64MB' } as const

export const cacheSettingsSpec = strict(
  'cache_settings',
  {
    max_entries: whole(1, mostCached, 'Answers that are kept in all. 100000 by default.').optional(),
    max_bytes: byteSize('What they may take on disk, files included. 10GB by default.').optional(),
    memory_bytes: byteSize('What of them may be in memory, in each process; 0: nothing. 64MB by default.').optional(),
  },
  'What is kept of the answers of agents that have a `cache`.',
)

export interface CacheSettings {
  max_entries: number
  max_bytes: number
  memory_bytes: number
}

export function cacheSettings(written: {
  [K in keyof CacheSettings]?: string | number | undefined
}): CacheSettings {
  const { max_entries, max_bytes, memory_bytes } = defaultCacheSettings
  return {
    max_entries: Number(written.max_entries ?? max_entries),
    max_bytes: parseBytes(written.max_bytes ?? max_bytes) as number,
    memory_bytes: parseBytes(written.memory_bytes ?? memory_bytes) as number,
  }
}
