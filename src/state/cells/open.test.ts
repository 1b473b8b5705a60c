import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Cells, cellsUnder, createMemoryCells } from '../../std/cells.ts'
import { systemClock } from '../../std/clock.ts'
import { systemRandom } from '../../std/random.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'
import { openCells } from './open.ts'

const patience = (file: string) => ({ file, clock: systemClock, random: systemRandom })
const freshFile = async () => {
  const folder = await temporaryFolder()
  onTestFinished(folder.remove)
  return folder.file('shared.db')
}
const inFile = async () => openCells(patience(await freshFile()))

/** Adds one to a number under a name. */
const count = (cells: Cells, name: string): Promise<number> =>
  cells.change([name], ([before]) => {
    const next = Number(before ?? 0) + 1
    return { after: [next], result: next }
  })

describe.each([
  { kind: 'in memory', make: async (): Promise<Cells> => createMemoryCells() },
  { kind: 'in a file', make: inFile },
  { kind: 'under a prefix', make: async () => cellsUnder(createMemoryCells(), 'a/') },
])('cells $kind', ({ make }) => {
  it('hold what was put into them last, and nothing where nothing was put', async () => {
    const cells = await make()
    expect(cells.get('x')).toBeUndefined()
    await cells.change(['x', 'y'], () => ({ after: [{ n: 1 }, null], result: undefined }))
    expect(cells.get('x')).toEqual({ n: 1 })
    expect(cells.get('y')).toBeNull()
    await cells.change(['x'], () => ({ after: [undefined], result: undefined }))
    expect(cells.get('x')).toBeUndefined()
  })

  it('give what was there, leave what is not named as it is, and change nothing when the change throws', async () => {
    const cells = await make()
    await cells.change(['x', 'y'], () => ({ after: [1, 2], result: undefined }))
    expect(await cells.change(['y', 'x'], (before) => ({ after: [3], result: before }))).toEqual([2, 1])
    await expect(
      cells.change(['x'], () => {
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(cells.list('')).toEqual(
      new Map([
        ['x', 1],
        ['y', 3],
      ]),
    )
    expect(await count(cells, 'x')).toBe(2)
  })

  it('are listed by the beginning of their names, in order', async () => {
    const cells = await make()
    await cells.change(['b/2', 'b/1', 'c', 'a'], () => ({ after: [2, 1, 3, 0], result: undefined }))
    expect([...cells.list('b/')]).toEqual([
      ['b/1', 1],
      ['b/2', 2],
    ])
  })
})

describe('cells in a file', () => {
  it('are seen at once by whoever else has it open', async () => {
    const file = await freshFile()
    const [one, two] = [await openCells(patience(file)), await openCells(patience(file))]
    expect(two.get('x')).toBeUndefined()
    await count(one, 'x')
    expect(two.get('x')).toBe(1)
    await count(two, 'x')
    expect(one.get('x')).toBe(2)
    one.close()
    two.close()
  })

  it('lose no change of several processes at once', async () => {
    const file = await freshFile()
    const writer = `
      const { openCells } = await import(${JSON.stringify(import.meta.resolve('./open.ts'))})
      const { systemClock } = await import(${JSON.stringify(import.meta.resolve('../../std/clock.ts'))})
      const cells = await openCells({ file: ${JSON.stringify(file)}, clock: systemClock, random: Math.random })
      for (let n = 0; n < 100; n += 1) await cells.change(['x'], ([x]) => ({ after: [(x ?? 0) + 1], result: 0 }))
      cells.close()`
    const run = () => promisify(execFile)(process.execPath, ['--input-type=module', '--eval', writer])
    await Promise.all([run(), run(), run(), run()])
    const cells = await openCells(patience(file))
    expect(cells.get('x')).toBe(400)
    cells.close()
  })

  it('take a value that is no JSON for none', async () => {
    const file = await freshFile()
    const cells = await openCells(patience(file))
    await count(cells, 'x')
    await count(cells, 'y')
    const other = new DatabaseSync(file)
    other.exec("update cells set value = '{' where name = 'x'")
    other.close()
    expect(cells.get('x')).toBeUndefined()
    expect([...cells.list('')]).toEqual([['y', 1]])
    expect(await count(cells, 'x')).toBe(1)
    cells.close()
  })

  it('say what to do with a file that is none of theirs, or damaged', async () => {
    const file = await freshFile()
    writeFileSync(file, 'no database '.repeat(100))
    await expect(openCells(patience(file))).rejects.toMatchObject({
      code: 'store_corrupt',
      hint: expect.stringContaining(`move ${file} away`),
    })
  })
})
