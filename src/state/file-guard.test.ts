import { readdir, utimes, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { eagerClock } from '../testing/eager-clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../testing/temporary-folder.ts'
import { withFileGuard } from './file-guard.ts'
import { thisHolder } from './store/holder.ts'

let folder: TemporaryFolder
let path: string
beforeEach(async () => {
  folder = await temporaryFolder()
  path = folder.file('guard')
})
afterEach(() => folder.remove())

const mark = '00000000-0000-4000-8000-000000000000'
const clock = eagerClock()
const guardOf = (more: object) => JSON.stringify({ mark, since: clock.now(), ...thisHolder(), ...more })

describe('a guard of a file', () => {
  test('lets one in at a time, each of them', async () => {
    let inside = 0
    let most = 0
    let done = 0
    const one = async () => {
      inside += 1
      most = Math.max(most, inside)
      await readdir(folder.path)
      inside -= 1
      done += 1
    }
    await Promise.all(Array.from({ length: 20 }, () => withFileGuard({ path, clock, patienceMs: 1e9 }, one)))
    expect({ most, done, left: await readdir(folder.path) }).toEqual({ most: 1, done: 20, left: [] })
  })

  test('gives what the work gives, and lets go when it fails', async () => {
    await expect(
      withFileGuard({ path, clock }, async () => {
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await withFileGuard({ path, clock }, async () => 7)).toBe(7)
  })

  test('names a writer that takes too long', async () => {
    await writeFile(path, guardOf({}))
    await expect(withFileGuard({ path, clock, patienceMs: 200 }, async () => 1)).rejects.toMatchObject({
      code: 'held',
      message: expect.stringContaining(`process ${process.pid} on`),
    })
  })

  test('ends waiting when it is told to', async () => {
    await writeFile(path, guardOf({}))
    const stop = new AbortController()
    stop.abort(new Error('stop'))
    await expect(withFileGuard({ path, clock, signal: stop.signal }, async () => 1)).rejects.toThrow('stop')
  })

  test.each([
    ['is gone', () => guardOf({ pid: 2 ** 30 })],
    ['is another process by now', () => guardOf({ started: '1' })],
    ['was of an earlier boot', () => guardOf({ boot: 'x/y' })],
    ['is on another machine, and has been silent', () => guardOf({ host: 'elsewhere', since: clock.now() - 60_000 })],
  ])('is taken over from a writer that %s', async (_what, content) => {
    await writeFile(path, content())
    expect(await withFileGuard({ path, clock, patienceMs: 0 }, async () => 1)).toBe(1)
    expect(await readdir(folder.path)).toEqual([])
  })

  test('is not taken over from a writer on another machine that began just now', async () => {
    await writeFile(path, guardOf({ host: 'elsewhere' }))
    await expect(withFileGuard({ path, clock, patienceMs: 0 }, async () => 1)).rejects.toMatchObject({ code: 'held' })
  })

  test.each(['', '{', '[]', '{"mark": "../../x"}'])('that names nobody (%j) stands for a moment only', async (text) => {
    await writeFile(path, text)
    const now = new Date(clock.now())
    await utimes(path, now, now)
    expect(await withFileGuard({ path, clock, patienceMs: 1e9 }, async () => 1)).toBe(1)
    expect(await readdir(folder.path)).toEqual([])
  })
})
