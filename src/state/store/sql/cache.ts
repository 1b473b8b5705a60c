/** Results of calls kept for the same call made again. */
import type { Json } from '../../../std/json.ts'
import type { CacheEntry } from '../contract.ts'
import { keptJson } from './kept-json.ts'
import type { SqlReader, SqlSession } from './port.ts'

export async function selectEntry(reader: SqlReader, key: string, now: number): Promise<CacheEntry | undefined> {
  const [row] = await reader.all(
    'select value, cost_usd, created_at, expires_at from cache where cache_key = ? and (expires_at is null or expires_at > ?)',
    [key, now],
  )
  if (!row) return undefined
  return {
    key,
    value: keptJson<Json>(row['value'], 'an answer in the cache'),
    cost_usd: row['cost_usd'] as number | null,
    created_at: Number(row['created_at']),
    expires_at: row['expires_at'] === null ? undefined : Number(row['expires_at']),
  }
}

/** Puts or replaces an entry; entries that have expired by then go. */
export async function upsertEntry(session: SqlSession, entry: CacheEntry): Promise<void> {
  await session.run('delete from cache where expires_at <= ?', [entry.created_at])
  await session.run(
    `insert into cache (cache_key, value, cost_usd, created_at, expires_at) values (?, ?, ?, ?, ?)
      on conflict (cache_key) do update set value = excluded.value, cost_usd = excluded.cost_usd,
        created_at = excluded.created_at, expires_at = excluded.expires_at`,
    [entry.key, JSON.stringify(entry.value), entry.cost_usd, entry.created_at, entry.expires_at ?? null],
  )
}
