import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { fillVariables, variablesIn, withVariables } from './variables.ts'

const env: Record<string, string> = { A: 'one', B: '', C: '${A}' }
const fill = (text: string) => withVariables(text, (name) => env[name])

describe('Variables in a text', () => {
  it.each([
    ['plain', 'plain'],
    ['${A}', 'one'],
    ['x${A}y${A}', 'xoney' + 'one'],
    ['${B}', ''],
    ['${B:-two}', 'two'],
    ['${NO:-two}', 'two'],
    ['${A:-two}', 'one'],
    ['${NO:-}', ''],
    ['${NO}', undefined],
    ['${A} ${NO}', undefined],
    ['$A $', '$A $'],
    ['$${A}', '${A}'],
    ['$${', '${'],
    // What a variable gives is not looked at again.
    ['${C}', '${A}'],
    // Expressions are nobody's business here.
    ['${{ env.A }}', '${{ env.A }}'],
    ['$${{ x', '$${{ x'],
  ])('%s is %s', (text, filled) => {
    expect(variablesIn(text).fault).toBeUndefined()
    expect(fill(text)).toBe(filled)
  })

  it.each([
    ['a ${A', 2, 'is never closed'],
    ['${}', 0, '`${}` names no variable'],
    ['${1A}', 0, '`${1A}` names no variable'],
    ['${A:b}', 0, '`${A:b}` names no variable'],
    ['${A B}', 0, 'names no variable'],
    ['${A} ${', 5, 'is never closed'],
  ])('%s is wrong at %d', (text, offset, message) => {
    expect(variablesIn(text).fault).toMatchObject({ offset, message: expect.stringContaining(message) as string })
  })

  it('are filled in all strings of a value, and those that are missing are told', () => {
    const missing: string[] = []
    const value = { a: ['${A}', 1, null, { b: '${NO}' }], '${A}': true }
    expect(
      fillVariables(
        value,
        (name) => env[name],
        (text) => missing.push(text),
      ),
    ).toEqual({
      a: ['one', 1, null, { b: '${NO}' }],
      '${A}': true,
    })
    expect(missing).toEqual(['${NO}'])
  })

  test('any text that was escaped comes out as it was', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[${}aA:\- ]*$/), (text) => {
        fc.pre(!text.includes('${{') && !text.includes('$${'))
        expect(fill(text.replaceAll('${', () => '$${'))).toBe(text)
      }),
    )
  })

  it('are found in a large hostile text at once', () => {
    for (const part of ['${', '${:', '${:-', '$${', '${A:-'])
      expect(variablesIn(part.repeat(200_000)).variables.length).toBeLessThan(2)
  })
})
