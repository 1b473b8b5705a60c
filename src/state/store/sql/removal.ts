/** Removing runs, and finding out which kept files nothing names any more. */
import type { RunCommand } from '../../../domain/events.ts'
import type { DrivenRun, HeldLease, RunRecord } from '../contract.ts'
import { deleteExpired } from './cache-eviction.ts'
import { heldLease } from './leases.ts'
import type { SqlReader, SqlSession } from './port.ts'
import { selectRun, selectRuns } from './runs.ts'

const rowsPerPage = 2_000
/** Values in one statement. */
const valuesPerStatement = 400

export async function selectHashes(
  reader: SqlReader,
  runId: string,
  after: number,
): Promise<{ seq: number; bytes: number; hashes: string[] }> {
  const hashes = new Set<string>()
  let [seq, bytes] = [after, 0]
  for (;;) {
    const rows = await reader.all('select seq, body from events where run_id = ? and seq > ? order by seq limit ?', [
      ...[runId, seq, rowsPerPage],
    ])
    for (const row of rows) {
      const body = String(row['body'])
      bytes += Buffer.byteLength(body)
      collectHashes(body, hashes)
    }
    seq = Number(rows.at(-1)?.['seq'] ?? seq)
    if (rows.length < rowsPerPage) return { seq, bytes, hashes: [...hashes] }
  }
}

export async function selectHashesBesides(reader: SqlReader, now: number): Promise<string[]> {
  const hashes = await pendingHashes(reader)
  for (let last = ''; ;) {
    const rows = await reader.all(
      'select cache_key, value from cache where cache_key > ? and (expires_at is null or expires_at > ?) order by cache_key limit ?',
      [last, now, rowsPerPage],
    )
    for (const row of rows) collectHashes(String(row['value']), hashes)
    if (rows.length < rowsPerPage) return [...hashes]
    last = String(rows.at(-1)?.['cache_key'])
  }
}

async function pendingHashes(reader: SqlReader): Promise<Set<string>> {
  const hashes = new Set<string>()
  for (const row of await reader.all('select body from commands where done_at is null')) {
    const body = String(row['body'])
    if ((JSON.parse(body) as RunCommand).type === 'answer') collectHashes(body, hashes)
  }
  return hashes
}

function collectHashes(text: string, into: Set<string>): void {
  for (const [hash] of text.matchAll(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g)) into.add(hash)
}

export async function deleteRun(
  session: SqlSession,
  runId: string,
  files: readonly string[],
  mayRemove: (run: RunRecord, held: HeldLease | undefined) => boolean,
): Promise<boolean> {
  const family = await familyOf(session, runId)
  if (family.length === 0) return false
  for (const run of family) {
    const [lease] = await session.all('select * from leases where run_id = ? and pid is not null', [run.run_id])
    if (!mayRemove(run, lease && heldLease(lease))) return false
  }
  for (const { run_id } of family) {
    for (const table of ['events', 'leases', 'commands', 'runs'])
      await session.run(`delete from ${table} where run_id = ?`, [run_id])
  }
  const endedAt = Math.max(...family.map((run) => Math.max(run.updated_at, run.imported_at ?? 0)))
  for (const hash of files) {
    await session.run(
      `insert into released (sha256, ended_at) values (?, ?)
        on conflict (sha256) do update set ended_at = excluded.ended_at where excluded.ended_at > released.ended_at`,
      [hash, endedAt],
    )
  }
  return true
}

/** A run and all that are nested in it. */
async function familyOf(session: SqlSession, runId: string): Promise<RunRecord[]> {
  const root = await selectRun(session, runId)
  if (!root) return []
  const family = [root]
  // Grows while it is gone through.
  for (const { run_id } of family) family.push(...(await selectRuns(session, { parent_run_id: run_id })))
  return family
}

export async function selectReleased(reader: SqlReader): Promise<Map<string, number>> {
  const rows = await reader.all('select sha256, ended_at from released')
  return new Map(rows.map((row) => [String(row['sha256']), Number(row['ended_at'])]))
}

export async function dropUnnamed(
  session: SqlSession,
  hashes: readonly string[],
  seen: ReadonlyMap<string, number>,
  work: (unnamed: string[], driven: DrivenRun[]) => Promise<string[]>,
): Promise<void> {
  const named = await pendingHashes(session)
  for (const row of await session.all('select run_id, seq from runs')) {
    const runId = String(row['run_id'])
    const after = seen.get(runId) ?? 0
    if (Number(row['seq']) <= after) continue
    for (const hash of (await selectHashes(session, runId, after)).hashes) named.add(hash)
  }
  const driven = await session.all(
    `select leases.*, runs.created_at from leases join runs using (run_id) where pid is not null`,
  )
  const dropped = await work(
    hashes.filter((hash) => !named.has(hash)),
    driven.map((row) => ({ held: heldLease(row), created_at: Number(row['created_at']) })),
  )
  const settled = [...dropped, ...hashes.filter((hash) => named.has(hash))]
  for (let at = 0; at < settled.length; at += valuesPerStatement) {
    const some = settled.slice(at, at + valuesPerStatement)
    await session.run(`delete from released where sha256 in (${some.map(() => '?').join(', ')})`, some)
  }
}

export async function deleteStale(
  session: SqlSession,
  now: number,
  mayRemove: (held: HeldLease) => boolean,
): Promise<{ cached: number; definitions: number }> {
  const cached = await deleteExpired(session, now)
  const held = await session.all('select * from leases where pid is not null')
  // Who drives a run may have put a definition that it is about to name.
  if (!held.every((row) => mayRemove(heldLease(row)))) return { cached, definitions: 0 }
  const definitions = await session.run('delete from definitions where hash not in (select definition_hash from runs)')
  return { cached, definitions }
}
