import { readdir } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { eagerClock } from '../testing/eager-clock.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { fileLock, LockBusyError } from './file-lock.ts'

describe('a file lock', () => {
  test('is had by one at a time, and leaves nothing but its empty file', async () => {
    await using folder = await temporaryFolder()
    const file = folder.file('some.lock')
    const [a, b] = [fileLock(file, eagerClock()), fileLock(file, eagerClock())]
    let refused: unknown
    const tried = await a.hold(() => {
      const trial = b.hold(() => 'both', 0)
      return trial.catch((error: unknown) => (refused = error))
    }, 1_000)
    expect(tried).toBe(refused)
    expect(refused).toBeInstanceOf(LockBusyError)
    expect(await b.hold(() => 'then', 1_000)).toBe('then')
    expect(await readdir(folder.path)).toEqual(['some.lock'])
    a.close()
    b.close()
  })

  test('is given back by work that fails', async () => {
    await using folder = await temporaryFolder()
    const lock = fileLock(folder.file('some.lock'), eagerClock())
    const failing = lock.hold(() => {
      throw new Error('no')
    }, 0)
    await expect(failing).rejects.toThrow('no')
    expect(await lock.hold(() => 1, 0)).toBe(1)
    lock.close()
  })

  test('is waited for as long as patience lasts, doing before each attempt what needs no lock', async () => {
    await using folder = await temporaryFolder()
    const file = folder.file('some.lock')
    const holder = new DatabaseSync(file)
    holder.exec('begin immediate')
    const clock = eagerClock()
    const lock = fileLock(file, clock)
    let looks = 0
    await expect(
      lock.hold(
        () => 1,
        100,
        () => void (looks += 1),
      ),
    ).rejects.toThrow(LockBusyError)
    expect(looks).toBe(clock.slept.length + 1)
    let more = 0
    const waiting = lock.hold(
      () => 1,
      100,
      () => {
        if ((more += 1) === 5) holder.exec('rollback')
      },
    )
    expect([await waiting, more]).toEqual([1, 5])
    holder.close()
    lock.close()
  })
})
