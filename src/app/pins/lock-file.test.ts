import { mkdir, writeFile } from 'node:fs/promises'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ProblemsError } from '../../domain/problem.ts'
import { type TemporaryFolder, temporaryFolder } from '../../testing/temporary-folder.ts'
import { type LockedModel, lockText, readLockFile } from './lock-file.ts'

let folder: TemporaryFolder
let file: string
beforeEach(async () => {
  folder = await temporaryFolder()
  file = folder.file('replicate-agent.lock')
})
afterEach(() => folder.remove())

const hex = fc.stringMatching(/^[0-9a-f]{64}$/)
// Digits alone, or with an e in them, would be a number in YAML.
const trickyHex = fc.constantFrom('1'.repeat(64), `${'1'.repeat(32)}e${'1'.repeat(31)}`, '0'.repeat(64))
const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,20}$/)
const time = fc
  .date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true })
  .map((date) => date.toISOString())
const locked: fc.Arbitrary<LockedModel> = fc.record(
  {
    version: fc.oneof(hex, trickyHex, fc.constant('official')),
    tag: fc.stringMatching(/^\d{1,3}\.\d{1,3}\.\d{1,3}(-rc\.\d)?$/),
    fingerprint: hex,
    created_at: time,
    resolved_at: time,
  },
  { requiredKeys: ['version', 'resolved_at'] },
)
const models = fc
  .uniqueArray(fc.tuple(fc.tuple(name, name), locked), {
    selector: ([[owner, bare]]) => `${owner}/${bare}`,
    maxLength: 8,
  })
  .map((entries) => new Map(entries.map(([[owner, bare], entry]) => [`${owner}/${bare}`, entry])))

describe('a lock file', () => {
  test('holds what was put into it', async () => {
    await fc.assert(
      fc.asyncProperty(models, async (wanted) => {
        await writeFile(file, lockText(wanted))
        expect(new Map((await readLockFile(file)).models)).toEqual(wanted)
      }),
      { numRuns: 60 },
    )
  })

  test('is the same text for the same content, in whatever order it came', () => {
    fc.assert(
      fc.property(models, (wanted) => {
        expect(lockText(new Map([...wanted].toReversed()))).toBe(lockText(wanted))
      }),
    )
  })

  test('changes in the lines of the model that changed, and in no other', () => {
    fc.assert(
      fc.property(models, locked, (wanted, entry) => {
        const before = lockText(wanted).split('\n')
        const after = lockText(new Map([...wanted, ['acme/one', entry]])).split('\n')
        const others = (lines: string[]) => {
          const at = lines.indexOf('  acme/one:')
          const end = lines.findIndex((line, index) => index > at && !line.startsWith('    '))
          return at === -1 ? lines : [...lines.slice(0, at), ...lines.slice(end)]
        }
        fc.pre(wanted.size > 0 && !wanted.has('acme/one'))
        expect(others(after)).toEqual(before)
      }),
    )
  })

  test('that is not there holds nothing', async () => {
    expect(await readLockFile(file)).toEqual({ file, models: new Map() })
  })

  const entry = `{version: "${'ab'.repeat(32)}", resolved_at: "2026-01-01T00:00:00Z"}`
  test.each([
    ['nothing', '', 1, 1, 'the file is empty'],
    ['no YAML', 'models: [', 1, 10, ''],
    ['a list', '- a/b', 1, 1, 'a lock file must be a mapping'],
    ['another layout', 'lock_version: 9\nmodels: {}', 1, 15, '`lock_version` must be 1'],
    ['no layout', 'models: {}', 1, 1, '`lock_version` is missing'],
    ['an unknown section', `lock_version: 1\nmodles: {a/b: ${entry}}\nmodels: {}`, 2, 1, 'there is no field `modles`'],
    ['a name that is none', `lock_version: 1\nmodels:\n  nobody: ${entry}`, 3, 3, 'must be a model: owner/name'],
    ['a prototype', `lock_version: 1\nmodels:\n  __proto__: ${entry}`, 3, 3, 'the key `__proto__` is not allowed'],
    [
      'a version that is none',
      'lock_version: 1\nmodels:\n  a/b: {version: abc, resolved_at: "2026-01-01T00:00:00Z"}',
      3,
      18,
      'must be a version: 64 hex digits',
    ],
    [
      'a version of an official model',
      `lock_version: 1\nmodels:\n  a/b: {official: true, version: "${'ab'.repeat(32)}", resolved_at: "2026-01-01T00:00:00Z"}`,
      3,
      3,
      'must have either a `version` or `official: true`',
    ],
    [
      'neither',
      'lock_version: 1\nmodels:\n  a/b: {resolved_at: "2026-01-01T00:00:00Z"}',
      3,
      3,
      'must have either a `version` or `official: true`',
    ],
    [
      'a time that is none',
      `lock_version: 1\nmodels:\n  a/b: {version: "${'ab'.repeat(32)}", resolved_at: soon}`,
      3,
      99,
      'must be a time such as',
    ],
    [
      'a conflict',
      `lock_version: 1\n<<<<<<< ours\nmodels: {}\n=======\nmodels: {}\n>>>>>>> theirs\n`,
      2,
      1,
      'conflict',
    ],
    ['no text', new Uint8Array([0x6d, 0xff]), 1, 2, 'not valid UTF-8'],
    ['one model twice', `lock_version: 1\nmodels:\n  a/b: ${entry}\n  a/b: ${entry}`, 4, 3, ''],
  ])('with %s is refused, with the place', async (_what, content, line, column, message) => {
    await writeFile(file, content)
    const error = await readLockFile(file).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ProblemsError)
    const { problems, code } = error as ProblemsError
    expect(code).toBe('invalid_config')
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject({ file, line, column, message: expect.stringContaining(message) })
  })

  test('that is a folder, or huge, is refused', async () => {
    await mkdir(folder.file('a'))
    await expect(readLockFile(folder.file('a'))).rejects.toMatchObject({ code: 'file_unreadable' })
    await writeFile(file, `lock_version: 1\n# ${'x'.repeat(1_100_000)}`)
    await expect(readLockFile(file)).rejects.toMatchObject({ code: 'file_too_large' })
  })
})
