/** Results of calls kept for the same call made again. */
import type { CacheCount, CacheEntry, CacheGone, GoneReason } from '../../../domain/cache.ts'
import type { Store } from '../contract.ts'
import { deleteChosen, evict, selectShares } from './cache-eviction.ts'
import type { SqlReader, SqlRow, SqlSession } from './port.ts'

type CachePart = Pick<
  Store,
  'cacheGet' | 'cacheWrite' | 'cacheEvict' | 'cacheClear' | 'cacheShares' | 'cacheCounts' | 'cacheNear'
>

export function cacheOf(
  port: SqlReader & { write<T>(work: (session: SqlSession) => Promise<T>): Promise<T> },
): CachePart {
  return {
    cacheGet: (scope, key) => selectEntry(port, scope, key),
    cacheWrite: (scope, { put, used, dropped, counts }, now) =>
      port.write(async (session) => {
        for (const entry of put) await upsertEntry(session, scope, entry)
        for (const { key, times, at } of used)
          await session.run(
            'update cache set uses = uses + ?, used_at = case when used_at < ? then ? else used_at end where cache_key = ?',
            [times, at, at, keyIn(scope, key)],
          )
        // Unless it was put anew in the meantime.
        for (const { key, why, created_at } of dropped) {
          const row = keyIn(scope, key)
          if ((await session.run('delete from cache where cache_key = ? and created_at <= ?', [row, created_at])) > 0)
            await remember(session, row, why, now)
        }
        for (const count of counts) await addCount(session, scope, count)
      }),
    cacheEvict: (scope, pools, all, now, most) => port.write((session) => evict(session, scope, pools, all, now, most)),
    cacheClear: (scope, choice, now, dry) =>
      dry ? selectShares(port, scope, choice) : port.write((session) => deleteChosen(session, scope, choice, now)),
    cacheShares: (scope) => selectShares(port, scope, {}),
    async cacheCounts(scope) {
      const rows = await port.all('select * from cache_counts where scope = ? order by agent, model', [scope])
      return rows.map(countOf)
    },
    async cacheNear(scope, target, model, limit) {
      const rows = await port.all(
        `select ${head}, '' as value from cache where scope = ? and target = ? and model = ? order by created_at desc limit ?`,
        [scope, target, model, limit],
      )
      return rows.map((row) => entryOf(row, scope))
    },
  }
}

const head = `cache_key, agent, target, model, version, parts, bytes, cost_usd, latency_ms, score, run_id, step,
  created_at, expires_at, used_at, uses`

/** Those of the real world stand under their own keys. */
function keyIn(scope: string, key: string): string {
  return scope === 'real' ? key : `${scope} ${key}`
}

async function selectEntry(reader: SqlReader, scope: string, key: string): Promise<CacheEntry | CacheGone | undefined> {
  const row = keyIn(scope, key)
  const [found] = await reader.all(`select ${head}, value from cache where cache_key = ?`, [row])
  if (found) return entryOf(found, scope)
  const [gone] = await reader.all('select why, gone_at from cache_gone where cache_key = ?', [row])
  return gone && { gone: String(gone['why']) as GoneReason, at: Number(gone['gone_at']) }
}

function entryOf(row: SqlRow, scope: string): CacheEntry {
  const key = String(row['cache_key'])
  return {
    key: scope === 'real' ? key : key.slice(scope.length + 1),
    agent: String(row['agent']),
    target: String(row['target']),
    model: String(row['model']),
    version: textOf(row['version']),
    parts: partsOf(String(row['parts'])),
    value: String(row['value']),
    bytes: Number(row['bytes']),
    cost_usd: numberOf(row['cost_usd']),
    latency_ms: numberOf(row['latency_ms']),
    score: numberOf(row['score']),
    run_id: textOf(row['run_id']),
    step: textOf(row['step']),
    created_at: Number(row['created_at']),
    expires_at: numberOf(row['expires_at']) ?? undefined,
    used_at: Number(row['used_at']),
    uses: Number(row['uses']),
  }
}

function textOf(value: SqlRow[string] | undefined): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}

function numberOf(value: SqlRow[string] | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}

/** They only explain: damage to them harms nothing. */
function partsOf(text: string): CacheEntry['parts'] {
  try {
    return JSON.parse(text) as CacheEntry['parts']
  } catch {
    return {}
  }
}

const columns = ['scope', ...head.split(/,\s*/), 'value']
const upsert = `insert into cache (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})
  on conflict (cache_key) do update set ${columns.map((name) => `${name} = excluded.${name}`).join(', ')}`

/** That it was gone before may stay written: what is there counts. */
async function upsertEntry(session: SqlSession, scope: string, entry: CacheEntry): Promise<void> {
  await session.run(upsert, [
    ...[scope, keyIn(scope, entry.key), entry.agent, entry.target, entry.model, entry.version ?? null],
    ...[JSON.stringify(entry.parts), entry.bytes, entry.cost_usd, entry.latency_ms, entry.score],
    ...[entry.run_id ?? null, entry.step ?? null, entry.created_at, entry.expires_at ?? null],
    ...[entry.used_at, entry.uses, entry.value],
  ])
}

async function remember(session: SqlSession, row: string, why: GoneReason, now: number): Promise<void> {
  await session.run(
    `insert into cache_gone (cache_key, why, gone_at) values (?, ?, ?)
      on conflict (cache_key) do update set why = excluded.why, gone_at = excluded.gone_at`,
    [row, why, now],
  )
}

async function addCount(session: SqlSession, scope: string, count: CacheCount): Promise<void> {
  const { agent, model, hits, misses, saved_usd, unknown_hits, saved_ms } = count
  await session.run(
    `insert into cache_counts (scope, agent, model, hits, misses, saved_usd, unknown_hits, saved_ms)
      values (?, ?, ?, ?, ?, ?, ?, ?)
      on conflict (scope, agent, model) do update set
        hits = cache_counts.hits + excluded.hits, misses = cache_counts.misses + excluded.misses,
        saved_usd = cache_counts.saved_usd + excluded.saved_usd,
        unknown_hits = cache_counts.unknown_hits + excluded.unknown_hits,
        saved_ms = cache_counts.saved_ms + excluded.saved_ms`,
    [scope, agent, model, hits, misses, saved_usd, unknown_hits, saved_ms],
  )
}

function countOf(row: SqlRow): CacheCount {
  const number = (name: string) => Number(row[name])
  return {
    ...{ agent: String(row['agent']), model: String(row['model']), hits: number('hits'), misses: number('misses') },
    ...{ saved_usd: number('saved_usd'), unknown_hits: number('unknown_hits'), saved_ms: number('saved_ms') },
  }
}
