import { utimes } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KeptFile } from '../../domain/file.ts'
import { openArtifacts } from '../../state/artifacts/open.ts'
import type { ArtifactStore } from '../../state/artifacts/contract.ts'
import type { Store } from '../../state/store/contract.ts'
import { openStore } from '../../state/store/open.ts'
import { systemClock } from '../../std/clock.ts'
import { ada, event, make } from '../../testing/store-samples.ts'
import { type TemporaryFolder, temporaryFolder } from '../../testing/temporary-folder.ts'
import { type Dropped, dropFiles } from './drop-files.ts'
import { surveyStore } from './survey-store.ts'

let folder: TemporaryFolder
let store: Store
let artifacts: ArtifactStore
const soon = () => Date.now() + 60_000

beforeEach(async () => {
  folder = await temporaryFolder()
  store = await openStore({ home: folder.path, durability: 'normal', clock: systemClock, random: Math.random })
  artifacts = await openArtifacts(folder.file('artifacts'))
})
afterEach(async () => {
  await store.close()
  await folder.remove()
})

const keep = (text: string): Promise<KeptFile> => artifacts.put(Buffer.from(text), `${text}.txt`)

/** A run that named a file, ended at a moment, and was removed. */
async function removedRun({ sha256 }: KeptFile, endedAt: number): Promise<void> {
  await make(store, 'gone', { updated_at: endedAt })
  await store.removeRun('gone', [sha256], () => true)
}

async function drop(mayWrite = true): Promise<Dropped> {
  const survey = await surveyStore(store, artifacts, Date.now())
  const named = new Set(survey.holdings.flatMap(({ files }) => [...files]))
  const seen = new Map(survey.holdings.flatMap(({ seqs }) => [...seqs]))
  return dropFiles({ store, artifacts, now: Date.now(), mayWrite: () => mayWrite }, survey, named, seen)
}

describe('dropping files', () => {
  it('removes what only removed runs named, under all its names, and gives its size', async () => {
    const file = await keep('old')
    await artifacts.put(Buffer.from('old'), 'other.dat')
    await removedRun(file, soon())
    expect(await drop()).toEqual({ files: 1, bytes: 3, left: 0 })
    expect(await artifacts.has(file.sha256)).toBe(false)
    for (const name of ['x.txt', 'x.dat'])
      await expect(utimes(artifacts.shownPath({ ...file, name }), 1, 1)).rejects.toThrow('ENOENT')
    expect(await store.releasedFiles()).toEqual(new Map())
  })

  it('leaves a file alone that a driver put and has not named yet, until that driver is done', async () => {
    const lease = await make(store, 'live', { created_at: Date.now() })
    const file = await keep('same')
    await removedRun(file, soon())
    expect(await drop()).toEqual({ files: 0, bytes: 0, left: 1 })
    await store.append(lease, [event(2, file.sha256)])
    await store.releaseLease(lease)
    expect(await drop()).toEqual({ files: 0, bytes: 0, left: 0 })
    expect(await artifacts.has(file.sha256)).toBe(true)
    await store.removeRun('live', [file.sha256], () => true)
    await removedRun(file, soon())
    expect(await drop()).toMatchObject({ files: 1 })
  })

  it('removes what was put before any of the drivers began, and beside drivers that are gone', async () => {
    const file = await keep('older')
    await utimes(artifacts.pathOf(file.sha256), 1_000, 1_000)
    await make(store, 'live', { created_at: Date.now() })
    await removedRun(file, soon())
    expect(await drop()).toMatchObject({ files: 1 })
    const next = await keep('next')
    await removedRun(next, soon())
    expect(await drop(false)).toMatchObject({ files: 1 })
  })

  it('leaves a file alone for an hour that no run names, or that was put again after its runs had ended', async () => {
    const [orphan, again] = [await keep('orphan'), await keep('again')]
    await removedRun(again, Date.now() - 1_000)
    expect(await drop()).toEqual({ files: 0, bytes: 0, left: 2 })
    const before = Date.now() / 1_000 - 3_700
    for (const { sha256 } of [orphan, again]) await utimes(artifacts.pathOf(sha256), before, before)
    await artifacts.renew(again.sha256)
    expect(await drop()).toEqual({ files: 1, bytes: 6, left: 1 })
    expect(await artifacts.has(again.sha256)).toBe(true)
  })

  it('leaves everything that no run names alone while somebody drives one', async () => {
    const orphan = await keep('orphan')
    await utimes(artifacts.pathOf(orphan.sha256), 1_000, 1_000)
    const lease = await make(store, 'live', {}, ada)
    expect(await drop()).toEqual({ files: 0, bytes: 0, left: 1 })
    await store.releaseLease(lease)
    expect(await drop()).toEqual({ files: 1, bytes: 6, left: 0 })
  })

  it('finishes what was begun: a released file that is gone is forgotten', async () => {
    const file = await keep('half')
    await removedRun(file, soon())
    await artifacts.remove(file.sha256, soon())
    expect(await drop()).toEqual({ files: 0, bytes: 0, left: 0 })
    expect(await store.releasedFiles()).toEqual(new Map())
  })
})
