/** What other processes ask of a run's driver, kept until it has been done. */
import type { RunCommand } from '../../../domain/events.ts'
import { keptJson } from './kept-json.ts'
import type { SqlReader, SqlSession } from './port.ts'

export async function insertCommand(
  session: SqlSession,
  runId: string,
  command: RunCommand,
  now: number,
): Promise<void> {
  await session.run('insert into commands (run_id, body, sent_at) values (?, ?, ?)', [
    runId,
    JSON.stringify(command),
    now,
  ])
}

export async function selectPending(reader: SqlReader, runId: string): Promise<{ id: number; command: RunCommand }[]> {
  const rows = await reader.all('select id, body from commands where run_id = ? and done_at is null order by id', [
    runId,
  ])
  return rows.map((row) => ({
    id: Number(row['id']),
    command: keptJson<RunCommand>(row['body'], `a command for run ${runId}`),
  }))
}

export async function markDone(session: SqlSession, runId: string, ids: readonly number[], now: number): Promise<void> {
  for (const id of ids) {
    await session.run('update commands set done_at = ? where id = ? and run_id = ? and done_at is null', [
      now,
      id,
      runId,
    ])
  }
}
