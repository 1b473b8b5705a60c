import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Document, isScalar, parseDocument, Scalar } from 'yaml'
import { placeInScalar } from './scalar-place.ts'

function placed(text: string, offset: number): string {
  const node = parseDocument(text).get('a', true)
  if (!isScalar(node) || typeof node.value !== 'string') throw new Error('no text')
  const at = placeInScalar(text, node.range?.[0] ?? 0, node.type, node.value, offset)
  return text.slice(at, at + 1)
}

const styles = ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const

describe('the place of a character of a scalar', () => {
  it.each([
    ['a: plain text', 6, 't'],
    ['a: plain\n  folded', 6, 'f'],
    ["a: 'it''s'", 2, "'"],
    ["a: 'it''s'", 3, 's'],
    ['a: "x\\ty"', 2, 'y'],
    ['a: "x\\u0041y"', 2, 'y'],
    ['a: "x\\U0001F600y"', 3, 'y'],
    ['a: "one\\\n    two"', 3, 't'],
    ['a: "one\\n\n   two"', 5, 't'],
    ['a: |\n  one\n    two\n', 6, 't'],
    ['a: |2- # note\n   one\n', 1, 'o'],
    ['a: >-\n  one\n  two\n\n  three', 8, 't'],
    ['a: |\r\n  one\r\n  two\r\n', 4, 't'],
  ])('%j at %i is %j', (text, offset, expected) => {
    expect(placed(text, offset)).toBe(expected)
  })

  it('finds every visible character in every style of writing', () => {
    const words = fc.array(
      fc.constantFrom('word', 'x', '${{', 'a.b', '}}', "it's", '"q"', '\n', '\\', 'é', '😀', '#', ':', ' '),
      {
        minLength: 1,
        maxLength: 12,
      },
    )
    fc.assert(
      fc.property(words, fc.constantFrom(...styles), (parts, style) => {
        const value = parts.join(' ')
        const scalar = new Scalar(value)
        scalar.type = style
        const text = String(new Document({ a: scalar }))
        const node = parseDocument(text).get('a', true)
        if (!isScalar(node) || node.value !== value) return
        for (const [offset, character] of [...value].map(
          (found, at, all) => [all.slice(0, at).join('').length, found] as const,
        )) {
          if (/[\s"'\\]/.test(character)) continue
          const at = placeInScalar(text, node.range?.[0] ?? 0, node.type, value, offset)
          expect(text.startsWith(character, at) || text[at] === '\\').toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})
