import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { csvRows } from './csv.ts'

const textsOf = (text: string) => [...csvRows(text, 'x.csv')].map(({ cells }) => cells.map((cell) => cell.text))

describe('Reading CSV', () => {
  test.each([
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r\n1,2',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      '\uFEFFa,b\n\n1,\n',
      [
        ['a', 'b'],
        ['1', ''],
      ],
    ],
    [
      '"a,b","say ""hi""","two\nlines"\r\nx,y,z',
      [
        ['a,b', 'say "hi"', 'two\nlines'],
        ['x', 'y', 'z'],
      ],
    ],
    ['"",""', [['', '']]],
    ['a\n""\nb', [['a'], ['b']]],
    [' a , b', [[' a ', ' b']]],
    ['', []],
  ])('takes %j apart', (text, rows) => {
    expect(textsOf(text)).toEqual(rows)
  })

  test('gives back any cells that were written as the standard has it', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '1', ',', '"', '\n', '\r\n', ' ', 'é') })
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 })), (rows) => {
        const written = rows.map((cells) => cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(','))
        expect(textsOf(written.join('\r\n'))).toEqual(rows)
      }),
    )
  })

  test('knows where each cell is', () => {
    const rows = [...csvRows('name,"two\nlines",c\n1,,"3"', 'x.csv')]
    const places = rows.map(({ cells }) => cells.map(({ line, column }) => `${line}:${column}`))
    expect(places).toEqual([
      ['1:1', '1:6', '2:8'],
      ['3:1', '3:3', '3:4'],
    ])
  })

  test.each([
    ['a,"b\nc', 'x.csv:1:3: this quote is never closed'],
    ['a\n"b"c,d', 'x.csv:2:4: text after the closing quote'],
    ['a,b"c', 'x.csv:1:4: a quote within a cell'],
  ])('refuses %j', (text, why) => {
    expect(() => textsOf(text)).toThrow(why)
  })
})
