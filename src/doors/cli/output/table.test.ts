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

  test('of no rows is its header, or nothing', () => {
    expect(tableLines([], [{}, {}], plain)).toEqual([])
  })
})
