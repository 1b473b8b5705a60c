import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../std/clock.ts'
import { withFileLock } from './file-lock.ts'
import { thisHolder } from './store/holder.ts'

let folder: string
let file: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'))
  file = join(folder, 'counter')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Reads, lets others have their turn, writes: without a lock, counts are lost. */
const count = () =>
  withFileLock(file, systemClock, async () => {
    const before = Number(await readFile(file, 'utf8').catch(() => '0'))
    await new Promise((resolve) => setImmediate(resolve))
    await writeFile(file, String(before + 1))
  })

describe('the lock of a file', () => {
  test('lets one at a time change it, and leaves nothing behind', async () => {
    await Promise.all(Array.from({ length: 20 }, count))
    expect(await readFile(file, 'utf8')).toBe('20')
    expect(await readdir(folder)).toEqual(['counter'])
  })

  test('is given back when the work fails', async () => {
    await expect(withFileLock(file, systemClock, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await count()
    expect(await readdir(folder)).toEqual(['counter'])
  })

  test('of a process that was killed is taken over, by one of many', async () => {
    await writeFile(`${file}.lock`, JSON.stringify({ holder: { ...thisHolder(), started: 'long ago' } }))
    await writeFile(file, '0')
    await Promise.all(Array.from({ length: 10 }, count))
    expect(await readFile(file, 'utf8')).toBe('10')
    expect(await readdir(folder)).toEqual(['counter'])
  })

  test('of a process that lives is waited for, but not for ever', async () => {
    await writeFile(`${file}.lock`, JSON.stringify({ holder: thisHolder() }))
    let now = 0
    const clock = { ...systemClock, now: () => now, sleep: async () => void (now += 1_000) }
    await expect(withFileLock(file, clock, async () => 1)).rejects.toMatchObject({ code: 'held' })
    await rm(`${file}.lock`)
  })

  test('can not be had in a folder that is not there', async () => {
    const nowhere = join(folder, 'none', 'file')
    await expect(withFileLock(nowhere, systemClock, async () => 1)).rejects.toMatchObject({ code: 'store' })
  })
})
