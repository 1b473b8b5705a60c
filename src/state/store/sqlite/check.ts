/** Looks a SQLite file over: its pages, its version, and whether journals and rows agree. */
import { stat } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { ReplicateAgentError, StoreError } from '../../../domain/errors.ts'
import type { RunEvent, Spilled } from '../../../domain/events.ts'
import type { KeptFile } from '../../../domain/file.ts'
import type { StoreReport } from '../check.ts'
import { storeVersion } from '../sql/migrations.ts'
import { notAFile, storeError } from './failure.ts'
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
    file_hashes: new Set(),
    problems: [],
  }
  for (const suffix of ['', '-wal', '-shm']) report.bytes += await sizeOf(file + suffix)
  const found = await stat(file).catch(() => undefined)
  const isSomethingElse = found !== undefined && !found.isFile()
  report.exists = report.bytes > 0 || isSomethingElse
  if (!report.exists) return report
  let database: DatabaseSync | undefined
  try {
    if (isSomethingElse) throw notAFile(file)
    // Only reading; a moment of somebody else's recovery may be waited for here.
    database = new DatabaseSync(file, { readOnly: true, timeout: 2_000 })
    report.version = inspect(database, file)
    if (report.version > 0) look(database, report)
  } catch (error) {
    const known = storeError(error, file)
    report.problems.push(known instanceof ReplicateAgentError ? known.message : String(known))
    // A damaged one needs more than what is said where it is used.
    if (known instanceof StoreError && known.code !== 'store_corrupt' && known.hint !== undefined)
      report.hint = known.hint
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
  readAll(database, report)
}

/** Reads every journal, as a resume would: pages that hold long texts can be damaged without SQLite's noticing. */
function readAll(database: DatabaseSync, report: StoreReport): void {
  const damaged = new Map<string, number>()
  for (const { run_id, body } of database.prepare('select run_id, body from events').iterate()) {
    try {
      for (const hash of fileHashesOf(JSON.parse(String(body)) as RunEvent)) report.file_hashes.add(hash)
    } catch {
      damaged.set(String(run_id), (damaged.get(String(run_id)) ?? 0) + 1)
    }
  }
  for (const [run, count] of [...damaged].slice(0, mostShown))
    report.problems.push(`run ${run}: ${count} of its events can't be read`)
  for (const { hash, body } of database.prepare('select hash, body from definitions').iterate()) {
    if (!isJson(String(body))) report.problems.push(`the definition ${String(hash)} can't be read`)
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Of files that a step put out or was given, and of large values. */
function fileHashesOf(event: RunEvent): string[] {
  const {
    output,
    outputs,
    body,
    files = [],
  } = event as {
    output?: Spilled
    outputs?: Spilled
    body?: Spilled
    files?: KeptFile[]
  }
  const spilled = [output, outputs, body].flatMap((value) =>
    value && 'spilled' in value ? [value.spilled.sha256] : [],
  )
  return [...spilled, ...files.map(({ sha256 }) => sha256)]
}

async function sizeOf(file: string): Promise<number> {
  const found = await stat(file).catch(() => undefined)
  return found?.size ?? 0
}
