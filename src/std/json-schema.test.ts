import { describe, expect, it } from 'vitest'
import type { Json, JsonObject } from './json.ts'
import { checkJsonSchema, validateJson } from './json-schema.ts'

describe('checking a schema', () => {
  it('finds nothing in one that says what it may, with notes and extensions', () => {
    const schema: JsonObject = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'Review',
      type: 'object',
      required: ['stars'],
      additionalProperties: false,
      'x-order': 1,
      properties: {
        stars: { type: 'integer', minimum: 1, maximum: 5 },
        tags: { type: 'array', items: { $ref: '#/$defs/tag' }, uniqueItems: true },
        when: { type: ['string', 'null'], format: 'date-time' },
        kind: { anyOf: [{ const: 'a' }, { enum: ['b', { c: 1 }] }] },
      },
      $defs: { tag: { type: 'string', pattern: '^[a-z]+$', maxLength: 9 } },
    }
    expect(checkJsonSchema(schema)).toEqual([])
  })

  const bad: [Json, RegExp][] = [
    ['text', /a schema is an object/],
    [{ frobnicate: 1 }, /frobnicate is not supported/],
    [{ properties: { a: { minimun: 1 } } }, /properties\.a\.minimun is not supported/],
    [{ constructor: {} }, /constructor is not supported/],
    [{ type: 'text' }, /"text", not one of/],
    [{ items: 3 }, /items is neither/],
    [{ anyOf: [] }, /anyOf is not a list of schemas/],
    [{ anyOf: [{ nope: 1 }] }, /anyOf\[0\]\.nope/],
    [{ required: 'a' }, /required is not a list of names/],
    [{ minLength: -1 }, /minLength is not a whole number/],
    [{ multipleOf: 0 }, /multipleOf/],
    [{ pattern: '(?=x)' }, /re2/],
    [{ format: 'phone' }, /format is "phone"/],
    [{ $ref: '#/$defs/none' }, /does not lead/],
    [{ $ref: 'https://example.com/schema' }, /does not lead/],
    [{ if: {} }, /if is not supported/],
  ]
  it.each(bad)('refuses %j', (schema, problem) => {
    expect(checkJsonSchema(schema).join('\n')).toMatch(problem)
  })
})

describe('validating a value', () => {
  const cases: [JsonObject, Json[], Json[]][] = [
    [{ type: 'integer', minimum: 1, exclusiveMaximum: 3 }, [1, 2, 2.0], [0, 3, 1.5, '1', true, null]],
    [{ type: ['number', 'null'], multipleOf: 0.1 }, [0.3, 1, null], [0.35, '1']],
    [{ type: 'string', minLength: 2, maxLength: 3 }, ['ab', '👍👍👍'], ['a', 'abcd', '👍', 12]],
    [{ pattern: '^a+$' }, ['aa', 5], ['ab']],
    [{ format: 'uri' }, ['https://example.com/a'], ['no', 'a b:c']],
    [{ format: 'date' }, ['2026-01-31'], ['2026-13-01', '31.1.2026']],
    [{ format: 'email' }, ['a@b.c'], ['a.b.c']],
    [{ enum: [1, 'a', { b: [1] }] }, [1, { b: [1] }], [true, '1', { b: [2] }]],
    [{ const: { a: 1 } }, [{ a: 1 }], [{ a: 1, b: 2 }]],
    [
      { required: ['a'], properties: { a: { type: 'string' } } },
      [{ a: 'x' }, { a: 'x', b: 1 }, 'no object'],
      [{}, { a: 1 }],
    ],
    [{ properties: { a: true, z: false }, additionalProperties: false }, [{}, { a: 1 }], [{ b: 1 }, { z: 1 }]],
    [
      { additionalProperties: { type: 'number' }, minProperties: 1, maxProperties: 2 },
      [{ a: 1 }],
      [{}, { a: 'x' }, { a: 1, b: 2, c: 3 }],
    ],
    [
      { type: 'array', items: { type: 'number' }, minItems: 1, maxItems: 2, uniqueItems: true },
      [[1], [1, 2]],
      [[], [1, 1], ['x'], [1, 2, 3]],
    ],
    [{ prefixItems: [{ type: 'string' }], items: { type: 'number' } }, [['a', 1], []], [[1], ['a', 'b']]],
    [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1, 2], [0, 3]],
    [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, ['x', 5], [4]],
    [{ oneOf: [{ minimum: 1 }, { maximum: 2 }] }, [0, 3], [1]],
    [{ not: { type: 'null' } }, [0, ''], [null]],
    [
      { $ref: '#/$defs/tree', $defs: { tree: { type: 'object', properties: { left: { $ref: '#/$defs/tree' } } } } },
      [{ left: { left: {} } }],
      [{ left: { left: 1 } }],
    ],
  ]
  it.each(cases)('by %j', (schema, good, bad) => {
    expect(checkJsonSchema(schema)).toEqual([])
    for (const value of good) expect(validateJson(schema, value), JSON.stringify(value)).toEqual([])
    for (const value of bad) expect(validateJson(schema, value), JSON.stringify(value)).not.toEqual([])
  })

  it('says where and what is wrong, ten things at most', () => {
    const schema = { type: 'object', properties: { a: { type: 'array', items: { type: 'number' } } }, required: ['b'] }
    expect(validateJson(schema, { a: [1, 'x'] })).toEqual(['a[1] is string, not number', 'b is missing'])
    expect(validateJson(schema, { a: Array.from({ length: 50 }, () => 'x') })).toHaveLength(10)
  })

  it('ends on a schema that refers to itself without going anywhere', () => {
    const schema = { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/a' } } }
    expect(validateJson(schema, 1).join()).toMatch(/too deeply/)
  })

  it('reads own fields only', () => {
    expect(validateJson({ required: ['toString'] }, {})).toEqual(['toString is missing'])
    expect(validateJson({ properties: { constructor: { type: 'number' } } }, {})).toEqual([])
  })
})
