import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../std/clock.ts'
import { event, make } from '../../../testing/store-samples.ts'
import { type TemporaryFolder, temporaryFolder } from '../../../testing/temporary-folder.ts'
import type { Store } from '../contract.ts'
import { openStore } from '../open.ts'

let folder: TemporaryFolder
beforeEach(async () => {
  folder = await temporaryFolder()
})
afterEach(() => folder.remove())

function open(): Promise<Store> {
  return openStore({ home: folder.path, durability: 'normal', clock: systemClock, random: Math.random })
}

/** Puts a megabyte into the store and takes it out again. */
async function fillAndEmpty(store: Store): Promise<void> {
  const lease = await make(store, 'r1')
  await store.append(
    lease,
    Array.from({ length: 1_000 }, (_each, at) => event(at + 2, 'x'.repeat(1_000))),
  )
  await store.removeRun('r1', [], () => true)
}

function pragma(name: string): number {
  const database = new DatabaseSync(folder.file('store.db'), { readOnly: true })
  try {
    return Number(database.prepare(`pragma ${name}`).get()?.[name])
  } finally {
    database.close()
  }
}

it('leaves no free page in a store', async () => {
  const store = await open()
  await fillAndEmpty(store)
  const { before, after } = await store.shrink()
  expect(after).toBeLessThan(before / 5)
  await store.close()
  expect([pragma('freelist_count'), pragma('auto_vacuum')]).toEqual([0, 2])
})

it('writes a store anew that was made before pages could be given back, and not twice', async () => {
  await (await open()).close()
  const database = new DatabaseSync(folder.file('store.db'))
  database.exec('pragma journal_mode = delete; pragma auto_vacuum = none; vacuum; pragma journal_mode = wal')
  database.close()
  expect(pragma('auto_vacuum')).toBe(0)
  const store = await open()
  await fillAndEmpty(store)
  expect((await store.shrink()).after).toBeLessThan(400_000)
  await make(store, 'r2')
  await store.close()
  expect([pragma('freelist_count'), pragma('auto_vacuum')]).toEqual([0, 2])
})

it('leaves a store as it is that has hardly a free page', async () => {
  const store = await open()
  await make(store, 'r1')
  await store.shrink()
  const { before, after } = await store.shrink()
  expect(after).toBe(before)
  await store.close()
})
