/** The chain of the audit log: whatever is done to its lines, checking it tells. */
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hash } from 'node:crypto'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Cells, createMemoryCells } from '../../std/cells.ts'
import { systemClock } from '../../std/clock.ts'
import { chainedText } from './chain.ts'
import { type AuditDisk, openDisk } from './disk.ts'
import { type Head, headCell, headOf } from './head.ts'
import { segmentFile, segmentsIn } from './segments.ts'
import { type Verified, verifyChain } from './verify.ts'

const day = 86_400_000
const beginning = Date.parse('2026-11-01T12:00:00Z')

let folder: string
let cells: Cells
let now: number
let disk: AuditDisk
const clock = { ...systemClock, now: () => now }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'))
  begin()
})
afterEach(() => {
  disk.close()
  rmSync(folder, { recursive: true, force: true })
})

function begin(): void {
  rmSync(folder, { recursive: true, force: true })
  now = beginning
  cells = createMemoryCells()
  disk = openDisk(folder, async () => cells, clock)
}

function record(id: string) {
  const time = new Date(now).toISOString()
  return { id: `begun ${id}`, body: JSON.stringify({ kind: 'begun', id, time, text: `of ${id} – ünïcödé` }) }
}

async function write(...ids: string[]): Promise<void> {
  await disk.append(() => ids.map(record))
}

const head = (): Head | null => headOf(cells.get(headCell)) ?? null
const files = (): string[] => segmentsIn(folder).map((segment) => segmentFile(folder, segment))
const verify = (): Promise<Verified> => verifyChain(files(), { head: head() })
const linesOf = (file: string): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1)
const put = (file: string, lines: readonly string[]): void =>
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''))

/** Days with so many lines each. */
async function build(sizes: readonly number[]): Promise<void> {
  begin()
  for (const [at, size] of sizes.entries()) {
    now = beginning + at * day
    for (let line = 0; line < size; line += 1) await write(`${at}-${line}`)
  }
}

describe('A log that nobody touched', () => {
  it('is valid, over days and batches, and can be checked with a shell', async () => {
    await write('a', 'b', 'c')
    await write('d')
    now += day
    await write('e')
    expect(await verify()).toMatchObject({ files: 2, lines: 5, first: 1, last: { seq: 5 }, fault: null, notes: [] })
    const [line = ''] = linesOf(files()[0] as string)
    const { hash: own, ...rest } = JSON.parse(line) as { hash: string }
    expect(hash('sha256', JSON.stringify(rest), 'hex')).toBe(own)
  })

  it('goes on where another process stopped, and never goes back in time', async () => {
    await write('a')
    now -= 3 * day
    const other = openDisk(folder, async () => cells, clock)
    await other.append(() => [record('b')])
    other.close()
    await write('c')
    expect(segmentsIn(folder)).toEqual(['2026-11-01'])
    expect(await verify()).toMatchObject({ lines: 3, fault: null })
  })

  it('is empty where nothing was written', async () => {
    expect(await verify()).toMatchObject({ lines: 0, last: null, fault: null })
  })
})

describe('Whatever is done to its lines', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 })
  const pick = fc.nat()

  function property(
    check: (all: [file: string, at: number][], one: number, two: number) => void | 'same',
    wanted: string[],
  ) {
    return fc.assert(
      fc.asyncProperty(sizes, pick, pick, async (days, one, two) => {
        await build(days)
        const all = files().flatMap((file) => linesOf(file).map((_, at) => [file, at] as [string, number]))
        if (check(all, one, two) === 'same') return
        const { fault } = await verify()
        expect(wanted).toContain(fault?.what)
      }),
      { numRuns: 60 },
    )
  }

  it('a byte that is changed is found, in its line', () =>
    property(
      (all, one, two) => {
        const [file, at] = all[one % all.length] as [string, number]
        const bytes = readFileSync(file)
        const text = linesOf(file)
        const from = Buffer.byteLength(
          text
            .slice(0, at)
            .map((line) => `${line}\n`)
            .join(''),
        )
        const position = from + (two % Buffer.byteLength(text[at] as string))
        bytes[position] = (bytes[position] as number) ^ 0x01
        writeFileSync(file, bytes)
        return undefined
      },
      ['changed', 'inserted'],
    ))

  it('a line that is missing is found', () =>
    property(
      (all, one) => {
        const [file, at] = all[one % all.length] as [string, number]
        put(file, linesOf(file).toSpliced(at, 1))
      },
      ['removed', 'truncated'],
    ))

  it('lines that changed places are found', () =>
    property(
      (all, one, two) => {
        const [a, b] = [one % all.length, two % all.length]
        if (a === b) return 'same'
        const [fileA, atA] = all[a] as [string, number]
        const [fileB, atB] = all[b] as [string, number]
        const [lineA, lineB] = [linesOf(fileA)[atA] as string, linesOf(fileB)[atB] as string]
        put(fileA, linesOf(fileA).with(atA, lineB))
        put(fileB, linesOf(fileB).with(atB, lineA))
        return undefined
      },
      ['reordered'],
    ))

  it('a line that was added is found: a copy, rubbish, or one with a hash of its own', () =>
    fc.assert(
      fc.asyncProperty(
        sizes,
        pick,
        pick,
        fc.constantFrom('copy', 'rubbish', 'forged'),
        async (days, one, two, kind) => {
          await build(days)
          const all = files().flatMap((file) => linesOf(file).map((line) => [file, line] as const))
          const at = one % all.length
          const [file, before] = all[at] as readonly [string, string]
          const { seq, hash: prev } = JSON.parse(before) as { seq: number; hash: string }
          const forged = chainedText(JSON.stringify({ kind: 'begun', n: two }), { seq, hash: prev }).line.trimEnd()
          const added = {
            copy: (all[two % all.length] as readonly [string, string])[1],
            rubbish: `{"x": ${two}}`,
            forged,
          }[kind]
          const lines = linesOf(file)
          const isLast = at === all.length - 1
          put(file, lines.toSpliced(lines.indexOf(before) + 1, 0, added))
          const { fault, notes } = await verify()
          // Behind the end it can't be told from what a process left that was killed: it is told of all the same.
          if (isLast && kind === 'forged') expect(notes.join()).toContain('came after the log was last said to end')
          else expect(['inserted', 'reordered']).toContain(fault?.what)
        },
      ),
      { numRuns: 90 },
    ))

  it('an end that was cut off is found, wherever', () =>
    property(
      (_all, one) => {
        const last = files().at(-1) as string
        const { size } = statSync(last)
        truncateSync(last, one % size)
      },
      ['truncated'],
    ))

  it('a line that was written anew, with a right hash, is found by the next one or the head', () =>
    property(
      (all, one) => {
        const [file, at] = all[one % all.length] as [string, number]
        const lines = linesOf(file)
        const {
          seq,
          prev,
          hash: _hash,
          ...rest
        } = JSON.parse(lines[at] as string) as { seq: number; prev: string; hash: string }
        const anew = chainedText(JSON.stringify({ ...rest, text: 'nothing' }), {
          seq: seq - 1,
          hash: prev,
        }).line.trimEnd()
        put(file, lines.with(at, anew))
      },
      ['changed'],
    ))

  it('a file that is gone is found', async () => {
    for (const at of [0, 1, 2]) {
      await build([2, 2, 2])
      rmSync(files()[at] as string)
      expect((await verify()).fault?.what).toBe(at === 2 ? 'truncated' : 'removed')
    }
    await build([2])
    rmSync(files()[0] as string)
    expect((await verify()).fault).toMatchObject({ what: 'truncated' })
  })

  it('names the first line that is wrong', async () => {
    await build([3, 3])
    const [, file] = files() as [string, string]
    put(file, linesOf(file).with(1, '{"seq":5}'))
    expect((await verify()).fault).toEqual({ what: 'changed', file, line: 2, message: 'it is not as it was written' })
    await build([5])
    const [one] = files() as [string]
    put(one, linesOf(one).toSpliced(1, 2))
    expect((await verify()).fault).toMatchObject({
      what: 'removed',
      line: 2,
      message: 'numbers 2 to 3 are missing before it',
    })
  })
})

describe('After a crash', () => {
  it('what was left of a line is marked by the next writer, and no fault', async () => {
    await write('a', 'b')
    appendFileSync(files()[0] as string, '{"seq":3,"prev":"')
    expect(await verify()).toMatchObject({ fault: null, notes: [expect.stringContaining('the line is not whole')] })
    await write('c')
    const { fault, notes, lines } = await verify()
    expect({ fault, lines }).toEqual({ fault: null, lines: 5 })
    expect(notes).toEqual([`${files()[0]}:3: a process was killed while it wrote: 17 bytes of a line are left`])
    // Once marked, it may not be changed either.
    const file = files()[0] as string
    put(file, linesOf(file).with(2, '{"seq":3,"prev":"x'))
    expect((await verify()).fault).toMatchObject({ what: 'inserted', line: 3 })
  })

  it('is marked in the next file when the day is over', async () => {
    await write('a')
    appendFileSync(files()[0] as string, 'torn')
    now += day
    await write('b')
    expect(await verify()).toMatchObject({ files: 2, fault: null, notes: [expect.stringContaining('4 bytes')] })
  })

  it('lines that were written but not said to be there count, once', async () => {
    await write('a')
    const before = cells.get(headCell) as NonNullable<Head>
    await write('b', 'c')
    await cells.change([headCell], () => ({ after: [before], result: undefined }))
    expect(await verify()).toMatchObject({ fault: null, notes: [expect.stringContaining('2 records at the end')] })
    // Who wrote them tries again, for it was told that it had failed.
    await write('b', 'c', 'd')
    const { fault, notes, lines } = await verify()
    expect({ fault, lines }).toEqual({ fault: null, lines: 5 })
    expect(notes).toEqual([expect.stringContaining('killed after it wrote the last 2 records')])
  })

  it('a write that fails leaves nothing behind', async () => {
    await write('a')
    const failing: Cells = { ...cells, change: async () => Promise.reject(new Error('no room')) }
    const other = openDisk(folder, async () => failing, clock)
    await expect(other.append(() => [record('x')])).rejects.toThrow('no room')
    other.close()
    await write('b')
    expect(await verify()).toMatchObject({ lines: 2, fault: null, notes: [] })
  })

  it('without the head the log goes on after its last line, and says that it could not tell more', async () => {
    await write('a', 'b')
    cells = createMemoryCells()
    expect(await verify()).toMatchObject({ fault: null, notes: [expect.stringContaining('nothing says where')] })
    await write('c')
    expect(await verify()).toMatchObject({ fault: null, notes: [expect.stringContaining('nothing said where')] })
  })
})

describe('A purge', () => {
  it('removes days that were over, and leaves a chain that holds', async () => {
    await build([2, 3, 4])
    const would = disk.purgeable(beginning + 2 * day)
    expect(would).toMatchObject({ segments: ['2026-11-01', '2026-11-02'], records: 5 })
    expect(await disk.purge(beginning + 2 * day, 'ada')).toEqual(would)
    expect(segmentsIn(folder)).toEqual(['2026-11-03'])
    const { fault, first, notes } = await verify()
    expect({ fault, first }).toEqual({ fault: null, first: 6 })
    expect(notes).toEqual([expect.stringContaining('5 records before')])
    expect(await disk.purge(beginning + 2 * day, 'ada')).toMatchObject({ segments: [] })
    expect((await verify()).lines).toBe(5)
  })

  it('of everything keeps the line that says so', async () => {
    await build([2, 1])
    now = beginning + 100 * day
    expect(disk.purgeable(now - day)).toMatchObject({ records: 3 })
    expect(await disk.purge(now - day, 'ada')).toMatchObject({ records: 3, segments: ['2026-11-01', '2026-11-02'] })
    expect(await verify()).toMatchObject({ lines: 1, first: 4, fault: null })
    await write('next')
    now += 100 * day
    await disk.purge(now - day, 'ada')
    expect(await verify()).toMatchObject({ lines: 1, fault: null })
  })

  it('does not hide what is missing besides', async () => {
    await build([2, 2, 2])
    await disk.purge(beginning + day, 'ada')
    rmSync(files()[0] as string)
    expect((await verify()).fault).toMatchObject({ what: 'removed' })
  })

  it('that was killed before it removed the files does no harm, and the next one goes on', async () => {
    await build([2, 2])
    const first = files()[0] as string
    const kept = `${folder}.kept`
    writeFileSync(kept, readFileSync(first))
    await disk.purge(beginning + day, 'ada')
    renameSync(kept, first)
    expect(await verify()).toMatchObject({ fault: null, first: 1 })
    expect(await disk.purge(beginning + day, 'ada')).toMatchObject({ segments: ['2026-11-01'] })
    expect(await verify()).toMatchObject({ fault: null, first: 3 })
  })
})
