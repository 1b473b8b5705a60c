/** How figures and others' texts are written. */
import { expect, test } from 'vitest'
import { plainLine, shownDollars, shownDuration, shownModel } from './figures.ts'

test.each([
  [0, '0.0 s'],
  [1_234, '1.2 s'],
  [59_940, '59.9 s'],
  [59_999, '1m 00s'],
  [185_000, '3m 05s'],
  [7_620_000, '2h 07m'],
  [-5, '0.0 s'],
])('%i ms is shown as %s', (ms, shown) => {
  expect(shownDuration(ms)).toBe(shown)
})

test('an unknown price is a question mark, nothing spent is nothing', () => {
  expect([null, 0, 0.00001, 0.0031, 1.255].map(shownDollars)).toEqual(['?', '', '<$0.0001', '$0.0031', '$1.25'])
})

test('of a version the first digits are enough', () => {
  expect(shownModel(`nightmareai/real-esrgan:${'25a09be1'.repeat(8)}`)).toBe('nightmareai/real-esrgan:25a09be1')
  expect(shownModel('meta/llama')).toBe('meta/llama')
})

test('others’ texts can not move the cursor', () => {
  expect(plainLine('a\u001b[2J\u001b[1;31mb\r\nc\u0007\td')).toBe('ab c d')
})
