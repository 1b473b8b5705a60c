/** Who drives a run: one row a run, whose token grows each time that the lease is taken. */
import { StoreError } from '../../../domain/errors.ts'
import { type HeldLease, type Lease, type LeaseHolder, leaseTtlMs } from '../contract.ts'
import type { SqlReader, SqlRow, SqlSession } from './port.ts'

/** The lease of a new run. */
export async function insertLease(
  session: SqlSession,
  runId: string,
  holder: LeaseHolder,
  now: number,
): Promise<Lease> {
  await session.run(
    'insert into leases (run_id, token, pid, host, started, boot, heartbeat_at, expires_at) values (?, 1, ?, ?, ?, ?, ?, ?)',
    [runId, holder.pid, holder.host, holder.started, holder.boot, now, now + leaseTtlMs],
  )
  return { run_id: runId, token: 1 }
}

/** The lease of a run that nobody has driven here. */
export async function insertFreeLease(session: SqlSession, runId: string): Promise<void> {
  await session.run('insert into leases (run_id, token) values (?, 0)', [runId])
}

/** Undefined when nobody holds it. */
export async function selectLease(reader: SqlReader, runId: string): Promise<HeldLease | undefined> {
  const [row] = await reader.all('select * from leases where run_id = ? and pid is not null', [runId])
  return row && heldLease(row)
}

export function heldLease(row: SqlRow): HeldLease {
  return {
    run_id: String(row['run_id']),
    token: Number(row['token']),
    holder: {
      pid: Number(row['pid']),
      host: String(row['host']),
      started: String(row['started']),
      boot: String(row['boot']),
    },
    heartbeat_at: Number(row['heartbeat_at']),
    expires_at: Number(row['expires_at']),
  }
}

/** Takes the lease of a run, unless it is held and may not be taken. */
export async function takeLease(
  session: SqlSession,
  runId: string,
  holder: LeaseHolder,
  mayTake: (held: HeldLease) => boolean,
  now: number,
): Promise<{ lease: Lease } | { held: HeldLease }> {
  const [row] = await session.all('select token from leases where run_id = ?', [runId])
  if (!row) throw new StoreError('store', `there is no run ${runId} to drive`)
  const held = await selectLease(session, runId)
  if (held && !mayTake(held)) return { held }
  const token = Number(row['token']) + 1
  await session.run(
    'update leases set token = ?, pid = ?, host = ?, started = ?, boot = ?, heartbeat_at = ?, expires_at = ? where run_id = ?',
    [token, holder.pid, holder.host, holder.started, holder.boot, now, now + leaseTtlMs, runId],
  )
  return { lease: { run_id: runId, token } }
}

/** Lets go of a lease that is still ours; the token stays, so that the next one is larger. */
export async function clearLease(session: SqlSession, lease: Lease): Promise<void> {
  await session.run(
    `update leases set pid = null, host = null, started = null, boot = null, heartbeat_at = null, expires_at = null
      where run_id = ? and token = ?`,
    [lease.run_id, lease.token],
  )
}
