import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RunEvent, RunEventBody } from '../../domain/events.ts'
import type { RunRecord, Store } from '../../state/store/contract.ts'
import { openStore } from '../../state/store/open.ts'
import { systemClock } from '../../std/clock.ts'
import { record } from '../../testing/store-samples.ts'
import { type TemporaryFolder, temporaryFolder } from '../../testing/temporary-folder.ts'
import { readSpending } from './read-spending.ts'

let folder: TemporaryFolder
let store: Store
beforeEach(async () => {
  folder = await temporaryFolder()
  store = await openStore({ home: folder.path, durability: 'none', clock: systemClock, random: Math.random })
})
afterEach(async () => {
  await store.close()
  await folder.remove()
})

/** A run with so many calls of a tenth of a cent, one each millisecond. */
function paidRun(id: string, calls: number, from: number, more: Partial<RunRecord> = {}) {
  const bodies: object[] = [{ type: 'run.created', definition_hash: 'h' }]
  for (let call = 1; call <= calls; call += 1)
    bodies.push(
      { type: 'call.intended', step: 'a', call, model: 'acme/x', body: { value: null } },
      { type: 'call.settled', step: 'a', call, status: 'succeeded', cost_usd: 0.001 },
    )
  const events = bodies.map((body, at): RunEvent => ({
    seq: at + 1,
    time: from + Math.floor(at / 2),
    ...(body as RunEventBody),
  }))
  const ends = { created_at: from, updated_at: from + calls, sandbox: false, definition_hash: 'h' }
  return { record: record(id, { ...ends, ...more }), events }
}

async function read(more: { since?: number; until?: number; signal?: AbortSignal } = {}) {
  const found: { run: string; time: number }[] = []
  const unreadable: string[] = []
  const options = { since: 0, until: Number.MAX_SAFE_INTEGER, sandbox: false, signal: new AbortController().signal }
  const entries = readSpending(store, { ...options, ...more, unreadable: ({ run_id }) => unreadable.push(run_id) })
  for await (const { run, time } of entries) found.push({ run: run.run_id, time })
  return { found, unreadable }
}

test('Every run of many comes once, nested ones too, though all began in the same millisecond', async () => {
  const ids = Array.from({ length: 1_203 }, (_, at) => `r${at}`)
  const runs = ids.map((id, at) => paidRun(id, 1, 1_000, at % 3 === 2 ? { parent_run_id: `r${at - 1}` } : {}))
  await store.addRuns(runs, [{ hash: 'h', json: '{}' }])
  const { found } = await read()
  expect(found).toHaveLength(1_203)
  expect(new Set(found.map(({ run }) => run)).size).toBe(1_203)
})

test('A long journal is read to its end, and only what is asked for counts', async () => {
  await store.addRuns(
    [paidRun('long', 3_000, 1_000), paidRun('play', 1, 1_000, { sandbox: true })],
    [{ hash: 'h', json: '{}' }],
  )
  expect((await read()).found).toHaveLength(3_000)
  const part = (await read({ since: 1_500, until: 1_600 })).found
  expect(part).toHaveLength(100)
  expect(part.every(({ time }) => time >= 1_500 && time < 1_600)).toBe(true)
  expect((await read({ since: 10_000 })).found).toEqual([])
})

test('Replays are left out, and a call that is off ends the reading', async () => {
  const replayed = paidRun('again', 1, 1_000)
  replayed.events[0] = { ...(replayed.events[0] as RunEvent), replay: '/recording' } as RunEvent
  await store.addRuns([replayed], [{ hash: 'h', json: '{}' }])
  expect((await read()).found).toEqual([])
  await expect(read({ signal: AbortSignal.abort(new Error('enough')) })).rejects.toThrow('enough')
})
