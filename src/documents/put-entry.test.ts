import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ProblemsError } from '../domain/problem.ts'
import type { JsonObject } from '../std/json.ts'
import { type Entry, putEntry } from './put-entry.ts'

const put = (text: string, path: Entry['path'], value: Entry['value']) => putEntry(text, { path, value }, 'f.yaml').text
const price = { usd_per_call: 0.5, as_of: '2026-11-21' }

describe('An entry is put', () => {
  test('into a file that is not there yet, or says nothing', () => {
    expect(put('', ['prices', 'acme/x'], price)).toBe('prices:\n  acme/x: {usd_per_call: 0.5, as_of: 2026-11-21}\n')
    expect(put('# mine\n', ['prices', 'acme/x'], { usd_per_call: 1 })).toBe(
      '# mine\n\nprices:\n  acme/x: {usd_per_call: 1}\n',
    )
  })

  test('at the end of its section, with the indent that is used there, and nothing else changes', () => {
    const before = [
      '# our agents',
      'agents:   {writer:   {model: "a/b"}}   # odd   spacing',
      '',
      'prices:  # of November',
      '    acme/a:   {usd_per_call: 1}',
      '    # about b',
      '    acme/b:',
      '        usd_per_second: 2',
      '',
      '# limits come last',
      'limits: {replicate: {burst: 3}}',
      '',
    ]
    const after = put(before.join('\n'), ['prices', 'acme/c'], { usd_per_call: 3 })
    expect(after.split('\n')).toEqual(before.toSpliced(8, 0, '    acme/c: {usd_per_call: 3}'))
  })

  test('under a section that is empty, or not there', () => {
    for (const empty of ['prices:', 'prices: {}', 'prices: # none yet'])
      expect(parse(put(`${empty}\nlimits: {}\n`, ['prices', 'acme/x'], { usd_per_call: 1 }))).toEqual({
        prices: { 'acme/x': { usd_per_call: 1 } },
        limits: {},
      })
    expect(put('prices: # none yet\n', ['prices', 'hardware', 'gpu-t4'], 0.5)).toBe(
      'prices: # none yet\n  hardware:\n    gpu-t4: 0.5\n',
    )
  })

  test('as a section that stands apart, where there are others', () => {
    expect(put('agents: {}\n', ['prices', 'acme/x'], 1)).toBe('agents: {}\n\nprices:\n  acme/x: 1\n')
  })

  test('in the place of the one that was there, beside its comments', () => {
    const text = 'prices:\n  # the contract\n  acme/x: {usd_per_call: 1} # until May\n  acme/y: 2\n'
    expect(put(text, ['prices', 'acme/x'], { usd_per_call: 3 })).toBe(
      text.replace('{usd_per_call: 1}', '{usd_per_call: 3}'),
    )
  })

  test('field by field where fields stand on lines of their own', () => {
    const text = [
      'prices:',
      '  acme/x:',
      '    usd_per_call: 1 # each',
      '    usd_per_second: 2 # and the time',
      '    source: the page # of May',
      'limits: {}',
    ].join('\n')
    expect(
      put(text, ['prices', 'acme/x'], { usd_per_call: 3, source: 'the bill', as_of: '2026-11-21' }).split('\n'),
    ).toEqual([
      'prices:',
      '  acme/x:',
      '    usd_per_call: 3 # each',
      '    source: the bill # of May',
      '    as_of: 2026-11-21',
      'limits: {}',
    ])
  })

  test('into a section in one line, into a file with Windows lines, and over an alias', () => {
    expect(parse(put('prices: {acme/a: {usd_per_call: 1}}\n', ['prices', 'acme/b'], price))).toEqual({
      prices: { 'acme/a': { usd_per_call: 1 }, 'acme/b': price },
    })
    expect(put('a: 1\r\nprices:\r\n  acme/x: 1\r\n', ['prices', 'acme/y'], 2)).toBe(
      'a: 1\r\nprices:\r\n  acme/x: 1\r\n  acme/y: 2\r\n',
    )
    expect(put('prices:\r\n  acme/x:\r\n    a: 1\r\n', ['prices', 'acme/x'], { a: 2, b: 3 })).toBe(
      'prices:\r\n  acme/x:\r\n    a: 2\r\n    b: 3\r\n',
    )
    const text = 'prices:\n  acme/a: &one {usd_per_call: 1}\n  acme/b: *one\n'
    expect(put(text, ['prices', 'acme/b'], 2)).toBe(text.replace('*one', '2'))
  })

  test('never into a file that it would break, or that is broken', () => {
    const anchored = 'prices:\n  acme/a: &one {usd_per_call: 1}\n  acme/b: *one\n'
    expect(() => put(anchored, ['prices', 'acme/a'], 2)).toThrow('leaves no place for "acme/a"')
    expect(() => put('prices: [1\n', ['prices', 'acme/a'], 2)).toThrow(ProblemsError)
    expect(() => put('- 1\n', ['prices', 'acme/a'], 2)).toThrow('is not a mapping at its top')
  })

  test('nowhere, when what is to be taken out is not there', () => {
    for (const text of ['', 'agents: {}\n', 'prices:\n', 'prices: {acme/b: 1}'])
      expect(put(text, ['prices', 'acme/a'], undefined)).toBe(text)
  })

  test('and taken out, with its lines only', () => {
    const text = 'prices:\n  # a\n  acme/a: {usd_per_call: 1}\n  acme/b:\n    usd_per_call: 2\n\n# limits\nlimits: {}\n'
    expect(put(text, ['prices', 'acme/b'], undefined)).toBe(
      'prices:\n  # a\n  acme/a: {usd_per_call: 1}\n\n# limits\nlimits: {}\n',
    )
    expect(parse(put('prices:\n  acme/a: 1\nlimits: {}\n', ['prices', 'acme/a'], undefined))).toEqual({
      prices: {},
      limits: {},
    })
    expect(parse(put('prices: {acme/a: 1, acme/b: 2}\n', ['prices', 'acme/a'], undefined))).toEqual({
      prices: { 'acme/b': 2 },
    })
  })
})

test('Whatever is put in is read back, and what was there before stays', () => {
  const name = fc.constantFrom('acme/a', 'acme/b', 'acme/c:1', 'x y/z', '"q"/r', 'true', '12')
  const value = fc.oneof(
    fc.double({ min: 0, max: 1e6, noNaN: true }),
    fc.record({
      usd_per_call: fc.double({ min: 0, max: 1, noNaN: true }),
      source: fc.string({ unit: 'grapheme-ascii' }),
    }),
  )
  const steps = fc.array(fc.tuple(name, fc.option(value, { nil: undefined })), { maxLength: 12 })
  const start: fc.Arbitrary<string> = fc.constantFrom(
    '',
    '# c\n',
    'a: 1',
    'prices:\n\n  # c\n  acme/a: 1 # d\nb: {c: [1, 2]}\n',
    'prices: {acme/b: {x: 1}}',
  )
  fc.assert(
    fc.property(start, steps, (text, all) => {
      let now = text
      const wanted = { ...(parse(text) as JsonObject | null) }
      const prices = { ...(wanted['prices'] as JsonObject | undefined) }
      for (const [key, one] of all) {
        if (one === undefined && !Object.hasOwn(prices, key)) continue
        now = put(now, ['prices', key], one)
        if (one === undefined) delete prices[key]
        else prices[key] = one
        wanted['prices'] = prices
        expect(parse(now, { version: '1.2', schema: 'core' })).toEqual(wanted)
      }
    }),
    { numRuns: 60 },
  )
})
