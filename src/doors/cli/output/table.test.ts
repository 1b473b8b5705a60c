import { describe, expect, test } from 'vitest'
import { tableLines } from './table.ts'

const plain = (text: string) => text

describe('a table', () => {
  test('aligns columns, leaves no space at the end, and ignores colour codes', () => {
    const red = '\u001b[31mno\u001b[39m'
    expect(
      tableLines(
        [
          ['a', red, '1'],
          ['long', 'yes', '20'],
        ],
        [{}, {}, { align: 'right' }],
        plain,
      ),
    ).toEqual([`a     ${red}    1`, 'long  yes  20'])
  })

  test('has a header where one is given, and leaves out columns that are empty', () => {
    expect(tableLines([['x', '', 'z']], [{ header: 'one' }, { header: 'two' }, { header: 'three' }], plain)).toEqual([
      'one  three',
      'x    z',
    ])
  })

  test('leaves out and cuts, where the terminal is narrow, the columns that may be', () => {
    const green = (text: string) => `\u001b[32m${text}\u001b[39m`
    const rows = [['key', green('a long name'), '12', 'later']]
    const columns = [{}, { least: 6 }, { spare: 1 }, { spare: 2 }]
    expect(tableLines(rows, columns, plain, 27)).toEqual([`key  ${green('a long name')}  12  later`])
    expect(tableLines(rows, columns, plain, 26)).toEqual([`key  ${green('a long name')}  12`])
    expect(tableLines(rows, columns, plain, 16)).toEqual([`key  ${green('a long name')}`])
    expect(tableLines(rows, columns, plain, 15)).toEqual([`key  ${green('a long na…')}`])
    expect(tableLines(rows, columns, plain, 3)).toEqual([`key  ${green('a lon…')}`])
    expect(tableLines([['meta/llama-8b']], [{ least: 8, keepsEnd: true }], plain, 9)).toEqual(['…llama-8b'])
  })

  test('of no rows is its header, or nothing', () => {
    expect(tableLines([], [{}, {}], plain)).toEqual([])
  })
})
