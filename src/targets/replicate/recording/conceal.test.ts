import { describe, expect, it } from 'vitest'
import type { Json } from '../../../std/json.ts'
import { createConcealer, type Mask } from './conceal.ts'

/** Knows one secret, which no single piece of a split text has. */
const mask: Mask = (value) =>
  typeof value === 'string' ? (value.replaceAll('open sesame', '***') as typeof value) : value
const token = 'a-token-of-ours'
const { text, json, events } = createConcealer(token, mask)

describe('what is recorded', () => {
  it.each([
    ['the token', `Bearer ${token} was refused`, 'Bearer -removed- was refused'],
    ['tokens of others', 'r8_abcdefghijklmnopqrstuvwxyz0123456789', '-removed-'],
    ['secrets of the run', 'say open sesame twice', 'say *** twice'],
    ['signatures', 'https://x.dev/f?owner=me&signature=abc%3D&a=1', 'https://x.dev/f?owner=me&signature=-removed-&a=1'],
    [
      'signatures of S3',
      'see https://s3/x?X-Amz-Signature=0f&X-Amz-Date=1',
      'see https://s3/x?X-Amz-Signature=-removed-&X-Amz-Date=1',
    ],
  ])('has no trace of %s', (_what, written, concealed) => {
    expect(text(written)).toBe(concealed)
    // What is asked in a replay comes out of a recording.
    expect(text(concealed)).toBe(concealed)
  })

  it('keeps words that only look a little like it', () => {
    for (const plain of ['r8_short', 'the signature= of the artist', 'https://x.dev/?tokens=5&keyboard=1'])
      expect(text(plain)).toBe(plain)
  })

  it.each<[string, Json, Json]>([
    ['keys', { 'open sesame': 1 }, { '***': 1 }],
    ['pieces of one text', ['say op', 'en ses', 'ame!'], ['say ***!']],
    ['pieces deep inside', { output: { a: [['open ', 'sesame']] } }, { output: { a: [['***']] } }],
  ])('has no secret in %s', (_what, value, concealed) => {
    expect(json(value)).toEqual(concealed)
  })

  it('keeps lists and numbers without secrets as they are', () => {
    const value: Json = { tokens: ['a', 'b'], mixed: ['open', 1], n: 0.1, none: null }
    expect(json(value)).toEqual(value)
  })

  it('has no secret in the pieces of a stream', () => {
    const stream = (...pieces: string[]) =>
      `${pieces.map((piece, n) => `event: output\nid: 1:${n}\ndata: ${piece}\n\n`).join('')}event: done\ndata: {}\n\n`
    expect(events(stream('say op', 'en sesame', '!'))).toBe(
      'event: output\ndata: say ***!\n\nevent: done\ndata: {}\n\n',
    )
    expect(events(stream('nothing', ' here'))).toBe(stream('nothing', ' here'))
  })
})
