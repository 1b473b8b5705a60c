/** Taking results out of the cache: what expired, what is too much, what somebody wants gone. */
import type {
  CacheChoice,
  CacheLimits,
  CachePolicyName,
  CachePool,
  CacheShare,
  GoneReason,
} from '../../../domain/cache.ts'
import type { SqlReader, SqlSession, SqlValue } from './port.ts'

/** Values in one statement. */
const valuesPerStatement = 400
/** Of what is gone, so many are remembered. */
const mostRemembered = 10_000

/** The first to go, first. */
const orders: Record<CachePolicyName, string> = {
  lru: 'used_at, cache_key',
  lfu: 'uses, used_at, cache_key',
  fifo: 'created_at, cache_key',
  ttl: 'case when expires_at is null then 1 else 0 end, expires_at, created_at, cache_key',
}

export async function evict(
  session: SqlSession,
  scope: string,
  pools: readonly CachePool[],
  all: CacheLimits,
  now: number,
  most: number,
): Promise<number> {
  const expired = await session.all('select cache_key from cache where expires_at <= ? order by expires_at limit ?', [
    now,
    most,
  ])
  let gone = await remove(session, keysOf(expired), 'expired', now)
  for (const { agent, policy, ...limits } of pools)
    gone += await shorten(
      session,
      { sql: 'scope = ? and agent = ?', values: [scope, agent] },
      policy,
      limits,
      now,
      most,
    )
  gone += await shorten(session, { sql: 'scope = ?', values: [scope] }, 'lru', all, now, most)
  if (gone > 0)
    await session.run(
      `delete from cache_gone where gone_at < (select gone_at from cache_gone order by gone_at desc limit 1 offset ${mostRemembered})`,
    )
  return gone
}

interface Where {
  sql: string
  values: SqlValue[]
}

async function shorten(
  session: SqlSession,
  where: Where,
  policy: CachePolicyName,
  { max_entries = Infinity, max_bytes = Infinity }: CacheLimits,
  now: number,
  most: number,
): Promise<number> {
  if (max_entries === Infinity && max_bytes === Infinity) return 0
  const [sums] = await session.all(
    `select count(*) as entries, coalesce(sum(bytes), 0) as bytes from cache where ${where.sql}`,
    where.values,
  )
  let [entries, bytes] = [Number(sums?.['entries']), Number(sums?.['bytes'])]
  if (entries <= max_entries && bytes <= max_bytes) return 0
  const rows = await session.all(
    `select cache_key, bytes from cache where ${where.sql} order by ${orders[policy]} limit ?`,
    [...where.values, most],
  )
  const victims: string[] = []
  for (const row of rows) {
    if (entries <= max_entries && bytes <= max_bytes) break
    entries -= 1
    bytes -= Number(row['bytes'])
    victims.push(String(row['cache_key']))
  }
  return remove(session, victims, 'evicted', now)
}

/** All that has expired, in every scope. */
export async function deleteExpired(session: SqlSession, now: number): Promise<number> {
  return remove(
    session,
    keysOf(await session.all('select cache_key from cache where expires_at <= ?', [now])),
    'expired',
    now,
  )
}

export async function deleteChosen(
  session: SqlSession,
  scope: string,
  choice: CacheChoice,
  now: number,
): Promise<CacheShare[]> {
  const shares = await selectShares(session, scope, choice)
  const { sql, values } = chosen(scope, choice)
  const rows = await session.all(`select cache_key from cache where ${sql}`, values)
  await remove(session, keysOf(rows), 'cleared', now)
  return shares
}

export async function selectShares(reader: SqlReader, scope: string, choice: CacheChoice): Promise<CacheShare[]> {
  const { sql, values } = chosen(scope, choice)
  const rows = await reader.all(
    `select agent, model, count(*) as entries, sum(bytes) as bytes from cache where ${sql}
      group by agent, model order by agent, model`,
    values,
  )
  return rows.map((row) => ({
    ...{ agent: String(row['agent']), model: String(row['model']) },
    ...{ entries: Number(row['entries']), bytes: Number(row['bytes']) },
  }))
}

function chosen(scope: string, { agent, model, before, run_id, step }: CacheChoice): Where {
  const [name, version] = model?.split(':') ?? []
  const parts: [sql: string, value: SqlValue | undefined][] = [
    ['scope = ?', scope],
    ['agent = ?', agent],
    ['model = ?', name],
    ['version = ?', version],
    ['created_at < ?', before],
    ['run_id = ?', run_id],
    ['step = ?', step],
  ]
  const used = parts.filter((part): part is [string, SqlValue] => part[1] !== undefined)
  return { sql: used.map(([sql]) => sql).join(' and '), values: used.map(([, value]) => value) }
}

function keysOf(rows: readonly Record<string, SqlValue>[]): string[] {
  return rows.map((row) => String(row['cache_key']))
}

async function remove(session: SqlSession, keys: readonly string[], why: GoneReason, now: number): Promise<number> {
  for (let at = 0; at < keys.length; at += valuesPerStatement) {
    const some = keys.slice(at, at + valuesPerStatement)
    const list = some.map(() => '?').join(', ')
    await session.run(`delete from cache where cache_key in (${list})`, some)
    await session.run(`delete from cache_gone where cache_key in (${list})`, some)
    await session.run(
      `insert into cache_gone (cache_key, why, gone_at) values ${some.map(() => '(?, ?, ?)').join(', ')}`,
      some.flatMap((key) => [key, why, now]),
    )
  }
  return keys.length
}
