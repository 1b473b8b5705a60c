import { expect, test } from 'vitest'
import { findKind, type PiiKind } from './pii-kinds.ts'

test.each<[PiiKind, string, string[]]>([
  ['email', "bob.o'neil+x@mail.example.co.uk, @no, a@b", ["bob.o'neil+x@mail.example.co.uk"]],
  ['iban', 'DE89 3704 0044 0532 0130 00 thanks, DE88 3704 0044 0532 0130 00', ['DE89 3704 0044 0532 0130 00']],
  ['card', 'x 4111-1111-1111-1111 123 y 4111111111111112', ['4111-1111-1111-1111']],
  [
    'phone',
    '+49 30 901820, (415) 555-0132, 0171 1234567, 2024-01-15, 01-02-2024, 1234567890',
    ['+49 30 901820', '(415) 555-0132', '0171 1234567'],
  ],
  ['ip', '10.0.0.1 1.2.3.4.5 fe80::1 12:30:45', ['10.0.0.1', 'fe80::1']],
  ['token', `r8_${'a1'.repeat(18)} and sk-${'b2'.repeat(12)}`, [`r8_${'a1'.repeat(18)}`, `sk-${'b2'.repeat(12)}`]],
])('%s is found in %j', (kind, text, wanted) => {
  expect(findKind(kind, text).map(({ start, end }) => text.slice(start, end))).toEqual(wanted)
})
