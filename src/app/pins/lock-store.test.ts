import { chmod, lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../std/clock.ts'
import { type TemporaryFolder, temporaryFolder } from '../../testing/temporary-folder.ts'
import type { LockedModel } from './lock-file.ts'
import { createLockStore } from './lock-store.ts'

let folder: TemporaryFolder
let file: string
beforeEach(async () => {
  folder = await temporaryFolder()
  file = folder.file('replicate-agent.lock')
})
afterEach(() => folder.remove())

const entry = (letter: string): LockedModel => ({ version: letter.repeat(64), resolved_at: '2026-01-01T00:00:00Z' })
const store = () => createLockStore(file, systemClock)

describe('the store of a lock file', () => {
  test('loses no change of several that are made at once, whatever they are', async () => {
    const change = fc.record({
      model: fc.constantFrom('a/a', 'b/b', 'c/c'),
      version: fc.constantFrom('1', '2', undefined),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 8 }), async (changes) => {
        await writeFile(file, 'lock_version: 1\nmodels: {}\n')
        // Each works with what the one before it has left: what a model has at last is what was put there last.
        const order: typeof changes = []
        await Promise.all(
          changes.map((one) =>
            store().update((models) => {
              order.push(one)
              if (one.version === undefined) models.delete(one.model)
              else models.set(one.model, entry(one.version))
            }),
          ),
        )
        const expected = new Map<string, LockedModel>()
        for (const { model, version } of order) {
          if (version === undefined) expected.delete(model)
          else expected.set(model, entry(version))
        }
        expect(order).toHaveLength(changes.length)
        expect(new Map((await store().read()).models)).toEqual(expected)
      }),
      { numRuns: 15 },
    )
  })

  test('writes nothing where nothing differs, and no file for nothing', async () => {
    await store().update(() => {})
    await expect(stat(file)).rejects.toThrow('ENOENT')
    // As somebody else would write it.
    const text = `lock_version: 1\nmodels:\n    a/b: {version: '${'1'.repeat(64)}', resolved_at: '2026-01-01T00:00:00Z'}\n`
    await writeFile(file, text)
    await store().update((models) => void models.set('a/b', entry('1')))
    expect(await readFile(file, 'utf8')).toBe(text)
    await store().update((models) => void models.set('a/b', entry('2')))
    expect(await readFile(file, 'utf8')).toContain(`version: "${'2'.repeat(64)}"`)
  })

  test('keeps the mode of the file, and a link that stands for it', async () => {
    const real = folder.file('elsewhere', 'real.lock')
    await mkdir(folder.file('elsewhere'))
    await writeFile(real, 'lock_version: 1\nmodels: {}\n')
    await chmod(real, 0o640)
    await symlink(real, file)
    await store().update((models) => void models.set('a/b', entry('1')))
    expect((await lstat(file)).isSymbolicLink()).toBe(true)
    expect((await stat(real)).mode & 0o777).toBe(0o640)
    expect((await store().read()).models.size).toBe(1)
  })

  test('follows no link that stands where it writes', async () => {
    const victim = folder.file('victim')
    await writeFile(victim, 'mine')
    await symlink(victim, `${file}.tmp`)
    await store().update((models) => void models.set('a/b', entry('1')))
    expect(await readFile(victim, 'utf8')).toBe('mine')
    expect((await store().read()).models.size).toBe(1)
  })

  test('leaves a file alone that is damaged', async () => {
    await writeFile(file, 'models: nothing')
    await expect(store().update((models) => void models.set('a/b', entry('1')))).rejects.toMatchObject({
      code: 'invalid_config',
    })
    expect(await readFile(file, 'utf8')).toBe('models: nothing')
  })

  test('says what it could not write', async () => {
    await writeFile(folder.file('plain'), '')
    const lock = createLockStore(folder.file('plain', 'replicate-agent.lock'), systemClock)
    await expect(lock.update((models) => void models.set('a/b', entry('1')))).rejects.toMatchObject({
      code: 'store',
      message: expect.stringContaining("can't be written"),
    })
  })
})
