/** The store over any SQL database: portable SQL here, what is hot (or can't be portable) given by the backend. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../../std/clock.ts'
import type { RunEvent } from '../../../domain/events.ts'
import type { RunRecord, Store } from '../contract.ts'
import { checkSequence } from '../sequence.ts'
import { cacheOf } from './cache.ts'
import { insertCommand, markDone, selectPending } from './commands.ts'
import { clearLease, insertFreeLease, insertLease, selectLease, takeLease } from './leases.ts'
import type { SqlPort, SqlSession } from './port.ts'
import { deleteRun, deleteStale, dropUnnamed, selectHashes, selectHashesBesides, selectReleased } from './removal.ts'
import { insertDefinition, insertRun, selectDefinition, selectRun, selectRunIds, selectRuns } from './runs.ts'

/** What each backend writes for itself: what runs do all the time, and what no SQL can say for all of them. */
export type HotPath = Pick<Store, 'append' | 'readEvents' | 'heartbeat'>
export type OwnPart = HotPath & Pick<Store, 'shrink'>

export function sqlStore(port: SqlPort, own: OwnPart, clock: Clock): Store {
  return {
    ...own,
    async createRun(record, definition, events, holder) {
      checkSequence(record.run_id, events, 1)
      return port.write(async (session) => {
        if (!(await insertRun(session, { ...record, seq: events.length }))) return false
        await insertDefinition(session, definition.hash, definition.json)
        await insertEvents(session, record.run_id, events)
        return insertLease(session, record.run_id, holder, clock.now())
      })
    },
    addRuns: (runs, definitions) => addRuns(port, runs, definitions),
    getRun: (runId) => selectRun(port, runId),
    findRuns: (prefix, limit) => selectRunIds(port, prefix, limit),
    listRuns: (filter) => selectRuns(port, filter),
    putDefinition: (hash, json) => port.write((session) => insertDefinition(session, hash, json)),
    getDefinition: (hash) => selectDefinition(port, hash),
    acquireLease: (runId, holder, mayTake) =>
      port.write((session) => takeLease(session, runId, holder, mayTake, clock.now())),
    releaseLease: (lease) => port.write((session) => clearLease(session, lease)),
    getLease: (runId) => selectLease(port, runId),
    sendCommand: (runId, command) => port.write((session) => insertCommand(session, runId, command, clock.now())),
    pendingCommands: (runId) => selectPending(port, runId),
    async finishCommands(runId, ids) {
      if (ids.length > 0) await port.write((session) => markDone(session, runId, ids, clock.now()))
    },
    claimPrediction: (predictionId, owner) => port.write((session) => claim(session, predictionId, owner, clock.now())),
    ...cacheOf(port),
    hashesIn: (runId, after = 0) => selectHashes(port, runId, after),
    hashesBesides: (now) => selectHashesBesides(port, now),
    removeRun: (runId, files, mayRemove) => port.write((session) => deleteRun(session, runId, files, mayRemove)),
    releasedFiles: () => selectReleased(port),
    dropFiles: (hashes, seen, work) => port.write((session) => dropUnnamed(session, hashes, seen, work)),
    removeStale: (now, mayRemove) => port.write((session) => deleteStale(session, now, mayRemove)),
    secretKey: () => secretKey(port),
    close: () => port.close(),
  }
}

async function addRuns(
  port: SqlPort,
  runs: readonly { record: RunRecord; events: readonly RunEvent[] }[],
  definitions: readonly { hash: string; json: string }[],
): Promise<string | undefined> {
  for (const { record, events } of runs) checkSequence(record.run_id, events, 1)
  return port.write(async (session) => {
    for (const { record } of runs) if (await selectRun(session, record.run_id)) return record.run_id
    for (const { hash, json } of definitions) await insertDefinition(session, hash, json)
    for (const { record, events } of runs) {
      await insertRun(session, { ...record, seq: events.length })
      await insertEvents(session, record.run_id, events)
      await insertFreeLease(session, record.run_id)
    }
    return undefined
  })
}

async function insertEvents(session: SqlSession, runId: string, events: readonly RunEvent[]): Promise<void> {
  const sql = 'insert into events (run_id, seq, body) values (?, ?, ?)'
  for (const [at, event] of events.entries()) await session.run(sql, [runId, at + 1, JSON.stringify(event)])
}

/** The same owner may claim again: it may have died between claiming and journaling. */
async function claim(session: SqlSession, predictionId: string, owner: string, now: number): Promise<boolean> {
  await session.run('insert into claims (prediction_id, owner, claimed_at) values (?, ?, ?) on conflict do nothing', [
    predictionId,
    owner,
    now,
  ])
  const [row] = await session.all('select owner from claims where prediction_id = ?', [predictionId])
  return row?.['owner'] === owner
}

async function secretKey(port: SqlPort): Promise<Uint8Array> {
  const select = `select value from meta where name = 'secret_key'`
  let [row] = await port.all(select)
  row ??= await port.write(async (session) => {
    const fresh = randomBytes(32).toString('hex')
    await session.run(`insert into meta (name, value) values ('secret_key', ?) on conflict do nothing`, [fresh])
    return (await session.all(select))[0]
  })
  return Buffer.from(String(row?.['value']), 'hex')
}
