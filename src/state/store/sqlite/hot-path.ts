/** What runs do all the time, as raw prepared statements: append, heartbeat, read. */
import { setImmediate as turn } from 'node:timers/promises'
import { StoreError } from '../../../domain/errors.ts'
import type { RunEvent } from '../../../domain/events.ts'
import type { Clock } from '../../../std/clock.ts'
import { type Lease, leaseTtlMs, type RunRecordPatch } from '../contract.ts'
import { checkSequence } from '../sequence.ts'
import { patchColumns } from '../sql/runs.ts'
import type { HotPath } from '../sql/store.ts'
import type { Connection } from './connection.ts'

/** Reading a long journal goes page by page, so that the event loop gets its turns. */
const eventsPerPage = 4_000

export function hotPath(connection: Connection, clock: Clock, file: string): HotPath {
  /** Moves the run on if the lease is held and the events are the next ones: the fence and the order in one statement. */
  function moveOn(lease: Lease, from: number, count: number, time: number, patch: RunRecordPatch): boolean {
    const { names, values } = patchColumns(patch)
    const statement = connection.statement(
      `update runs set seq = ?, updated_at = max(updated_at, ?)${names.map((name) => `, ${name} = ?`).join('')}
        where run_id = ? and seq = ?
          and exists (select 1 from leases where leases.run_id = runs.run_id and token = ? and pid is not null)`,
    )
    const { changes } = statement.run(from + count, time, ...values, lease.run_id, from, lease.token)
    return Number(changes) === 1
  }

  function refusal(lease: Lease, from: number): StoreError {
    const row = connection
      .statement('select runs.seq, token, pid, host from runs left join leases using (run_id) where run_id = ?')
      .get(lease.run_id)
    if (!row) return new StoreError('store', `there is no run ${lease.run_id}`)
    if (row['token'] !== lease.token || row['pid'] === null) {
      const holder =
        row['pid'] === null
          ? 'nobody drives it now'
          : `process ${Number(row['pid'])} on ${String(row['host'])} drives it now`
      return new StoreError('lease_lost', `this process no longer drives run ${lease.run_id}: ${holder}`)
    }
    const what = Number(row['seq']) > from ? 'is already there' : 'would leave a gap'
    return new StoreError(
      'store',
      `event ${from + 1} of run ${lease.run_id} ${what}: its journal ends at ${Number(row['seq'])}`,
    )
  }

  return {
    async append(lease, events, patch = {}) {
      const first = events[0]?.seq
      const last = events.at(-1)
      if (first !== undefined) checkSequence(lease.run_id, events, first)
      const bodies = events.map((event) => JSON.stringify(event))
      await connection.small(() => {
        const from = first === undefined ? seqOf(connection, lease.run_id) : first - 1
        if (!moveOn(lease, from, bodies.length, last?.time ?? clock.now(), patch)) throw refusal(lease, from)
        const insert = connection.statement('insert into events (run_id, seq, body) values (?, ?, ?)')
        for (let at = 0; at < bodies.length; at += 1) insert.run(lease.run_id, from + 1 + at, bodies[at] as string)
      })
    },

    heartbeat: (lease) =>
      connection.small(() => {
        const now = clock.now()
        const { changes } = connection
          .statement(
            'update leases set heartbeat_at = ?, expires_at = ? where run_id = ? and token = ? and pid is not null',
          )
          .run(now, now + leaseTtlMs, lease.run_id, lease.token)
        return Number(changes) === 1
      }),

    async readEvents(runId, after = 0, limit = Number.POSITIVE_INFINITY) {
      const events: RunEvent[] = []
      for (let seq = after; events.length < limit;) {
        const most = Math.min(eventsPerPage, limit - events.length)
        const from = seq
        const page = await connection.read(() =>
          connection
            .statement('select body from events where run_id = ? and seq > ? order by seq limit ?')
            .all(runId, from, most),
        )
        for (const row of page) events.push(parseEvent(String(row['body']), runId, file))
        if (page.length < most) break
        seq = (events.at(-1) as RunEvent).seq
        await turn()
      }
      return events
    },
  }
}

function seqOf(connection: Connection, runId: string): number {
  return Number(connection.statement('select seq from runs where run_id = ?').get(runId)?.['seq'] ?? 0)
}

function parseEvent(body: string, runId: string, file: string): RunEvent {
  try {
    return JSON.parse(body) as RunEvent
  } catch (cause) {
    throw new StoreError('store_corrupt', `the journal of run ${runId} in ${file} is damaged`, {
      cause,
      hint: 'Run `replicate-agent doctor` to see what is readable.',
    })
  }
}
