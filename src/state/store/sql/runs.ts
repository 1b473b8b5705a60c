/** Rows of runs, and the definitions they carry. */
import type { RunStatus } from '../../../domain/run.ts'
import type { ListRuns, RunRecord, RunRecordPatch } from '../contract.ts'
import type { SqlReader, SqlRow, SqlSession, SqlValue } from './port.ts'

const columns = [
  'run_id',
  'workflow',
  'version',
  'status',
  'waiting_for',
  'definition_hash',
  'parent_run_id',
  'sandbox',
  'attempt',
  'cost_usd',
  'created_at',
  'updated_at',
  'seq',
  'imported_at',
] as const satisfies readonly (keyof RunRecord)[]

/** False when the id is taken. */
export async function insertRun(session: SqlSession, record: RunRecord): Promise<boolean> {
  const sql = `insert into runs (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')}) on conflict do nothing`
  return (
    (await session.run(
      sql,
      columns.map((column) => toSql(record[column])),
    )) === 1
  )
}

export async function selectRun(reader: SqlReader, runId: string): Promise<RunRecord | undefined> {
  const rows = await reader.all(`select ${columns.join(', ')} from runs where run_id = ?`, [runId])
  return rows[0] && toRecord(rows[0])
}

export async function selectRunIds(reader: SqlReader, prefix: string, limit: number): Promise<string[]> {
  const rows = await reader.all(
    'select run_id from runs where substr(run_id, 1, length(?)) = ? order by created_at desc, run_id desc limit ?',
    [prefix, prefix, limit],
  )
  return rows.map((row) => String(row['run_id']))
}

export async function selectRuns(reader: SqlReader, filter: ListRuns): Promise<RunRecord[]> {
  const wanted: string[] = []
  const parameters: SqlValue[] = []
  const where = (sql: string, value: SqlValue): void => {
    wanted.push(sql)
    parameters.push(value)
  }
  if (filter.parent_run_id !== undefined) where('parent_run_id = ?', filter.parent_run_id)
  else if (!filter.nested) wanted.push('parent_run_id is null')
  if (filter.sandbox !== undefined) where('sandbox = ?', filter.sandbox ? 1 : 0)
  if (filter.touched_since !== undefined) where('updated_at >= ?', filter.touched_since)
  if (filter.status !== undefined) where('status = ?', filter.status)
  if (filter.workflow !== undefined) where('workflow = ?', filter.workflow)
  if (filter.before !== undefined) where('created_at < ?', filter.before)
  if (filter.after !== undefined) {
    const { created_at, run_id } = filter.after
    where('(created_at < ? or (created_at = ? and run_id < ?))', created_at)
    parameters.push(created_at, run_id)
  }
  const which = wanted.length === 0 ? '' : ` where ${wanted.join(' and ')}`
  let sql = `select ${columns.join(', ')} from runs${which} order by created_at desc, run_id desc`
  if (filter.limit !== undefined) {
    sql += ' limit ?'
    parameters.push(filter.limit)
  }
  return (await reader.all(sql, parameters)).map(toRecord)
}

export async function insertDefinition(session: SqlSession, hash: string, body: string): Promise<void> {
  await session.run('insert into definitions (hash, body) values (?, ?) on conflict do nothing', [hash, body])
}

export async function selectDefinition(reader: SqlReader, hash: string): Promise<string | undefined> {
  const rows = await reader.all('select body from definitions where hash = ?', [hash])
  return rows[0] && String(rows[0]['body'])
}

/** `set` clauses of a patch with their values; a field that is there and undefined is cleared. */
export function patchColumns(patch: RunRecordPatch): { names: string[]; values: SqlValue[] } {
  const names = Object.keys(patch) as (keyof RunRecordPatch)[]
  return { names, values: names.map((name) => toSql(patch[name])) }
}

function toSql(value: string | number | boolean | null | undefined): SqlValue {
  if (typeof value === 'boolean') return value ? 1 : 0
  return value ?? null
}

function toRecord(row: SqlRow): RunRecord {
  return {
    run_id: row['run_id'] as string,
    workflow: row['workflow'] as string,
    version: (row['version'] as string | null) ?? undefined,
    status: row['status'] as RunStatus,
    waiting_for: (row['waiting_for'] as 'approval' | 'resume' | null) ?? undefined,
    definition_hash: row['definition_hash'] as string,
    parent_run_id: (row['parent_run_id'] as string | null) ?? undefined,
    sandbox: Number(row['sandbox']) !== 0,
    attempt: Number(row['attempt']),
    cost_usd: row['cost_usd'] as number | null,
    created_at: Number(row['created_at']),
    updated_at: Number(row['updated_at']),
    seq: Number(row['seq']),
    ...(row['imported_at'] !== null && { imported_at: Number(row['imported_at']) }),
  }
}
