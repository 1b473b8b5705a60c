/** Looks a SQLite file over: its pages, its version, and whether journals and rows agree. */
import { stat } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { ReplicateAgentError } from '../../../domain/errors.ts'
import type { StoreReport } from '../check.ts'
import { storeVersion } from '../sql/migrations.ts'
import { storeError } from './failure.ts'
import { fileOfUrl } from './file-of-url.ts'
import { inspect } from './migrate.ts'

/** Shown of the faults of one kind. */
const mostShown = 20

export async function checkSqlite(url: string): Promise<StoreReport> {
  const file = fileOfUrl(url)
  const report: StoreReport = {
    url,
    file,
    exists: false,
    bytes: 0,
    version: 0,
    supported_version: storeVersion,
    runs: {},
    events: 0,
    definitions: 0,
    cached: 0,
    problems: [],
  }
  for (const suffix of ['', '-wal', '-shm']) report.bytes += await sizeOf(file + suffix)
  report.exists = report.bytes > 0
  if (!report.exists) return report
  let database: DatabaseSync | undefined
  try {
    // Only reading; a moment of somebody else's recovery may be waited for here.
    database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 })
    report.version = inspect(database, file)
    if (report.version > 0) look(database, report)
  } catch (error) {
    const known = storeError(error, file)
    report.problems.push(known instanceof ReplicateAgentError ? known.message : String(known))
  } finally {
    database?.close()
  }
  return report
}

function look(database: DatabaseSync, report: StoreReport): void {
  const all = (sql: string) => database.prepare(sql).all() as Record<string, number | string>[]
  const count = (table: string) => Number(all(`select count(*) as n from ${table}`)[0]?.['n'])
  for (const row of all(`pragma integrity_check(${mostShown})`)) {
    if (row['integrity_check'] !== 'ok') report.problems.push(`damaged: ${row['integrity_check']}`)
  }
  for (const row of all('select status, count(*) as n from runs group by status'))
    report.runs[String(row['status'])] = Number(row['n'])
  report.events = count('events')
  report.definitions = count('definitions')
  report.cached = count('cache')
  const torn = all(`select runs.run_id, runs.seq, count(events.seq) as n, coalesce(max(events.seq), 0) as last
    from runs left join events using (run_id) group by runs.run_id, runs.seq
    having n <> runs.seq or last <> runs.seq limit ${mostShown}`)
  for (const row of torn) {
    report.problems.push(
      `run ${row['run_id']}: its journal should end at ${row['seq']} but has ${row['n']} events up to ${row['last']}`,
    )
  }
  const orphans = all(
    `select distinct run_id from events where run_id not in (select run_id from runs) limit ${mostShown}`,
  )
  for (const row of orphans) report.problems.push(`run ${row['run_id']}: there are events but no run`)
  const undefinedRuns = all(
    `select run_id from runs where definition_hash not in (select hash from definitions) limit ${mostShown}`,
  )
  for (const row of undefinedRuns) report.problems.push(`run ${row['run_id']}: its definition is missing`)
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined)
  return found?.size ?? 0
}
