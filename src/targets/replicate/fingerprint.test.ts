import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../std/json.ts'
import { fingerprintOf } from './fingerprint.ts'

const input: JsonObject = {
  type: 'object',
  title: 'Input',
  required: ['prompt', 'title'],
  properties: {
    prompt: { type: 'string', title: 'Prompt', description: 'What to draw', 'x-order': 0 },
    title: { type: 'string', description: 'A caption', examples: ['Fox'], 'x-order': 1 },
    size: { enum: [1, 2], type: 'integer', default: 1 },
  },
}
const output: JsonObject = { type: 'string', title: 'Output' }
const mark = fingerprintOf({ input_schema: input, output_schema: output })

/** The input schema with one of its parts put in place of another. */
function changed(path: string[], value: Json): JsonObject {
  const copy = structuredClone(input)
  let at: JsonObject = copy
  for (const key of path.slice(0, -1)) at = at[key] as JsonObject
  at[path.at(-1) as string] = value
  return copy
}

describe('the fingerprint of a version', () => {
  test('is 64 hex digits, and none where no schema is known', () => {
    expect(mark).toMatch(/^[0-9a-f]{64}$/)
    expect(fingerprintOf({})).toBeUndefined()
  })

  test.each([
    ['a description', changed(['properties', 'prompt', 'description'], 'Anything')],
    ['a title', changed(['title'], 'Inputs')],
    ['examples', changed(['properties', 'title', 'examples'], [])],
    ['the order in which fields are shown', changed(['properties', 'prompt', 'x-order'], 7)],
    ['the order of required fields', changed(['required'], ['title', 'prompt'])],
    ['the order of choices', changed(['properties', 'size', 'enum'], [2, 1])],
  ])('stays as it is when %s changes', (_what, schema) => {
    expect(fingerprintOf({ input_schema: schema, output_schema: output })).toBe(mark)
  })

  test.each([
    ['a type', changed(['properties', 'prompt', 'type'], 'integer')],
    ['a default', changed(['properties', 'size', 'default'], 2)],
    ['what is required', changed(['required'], ['prompt'])],
    ['a choice', changed(['properties', 'size', 'enum'], [1, 2, 4])],
    ['a field that is called like prose', changed(['properties'], { prompt: {}, description: {} })],
    ['the text of a default that is an object', changed(['properties', 'size', 'default'], { title: 'x' })],
  ])('is another when %s changes', (_what, schema) => {
    expect(fingerprintOf({ input_schema: schema, output_schema: output })).not.toBe(mark)
  })

  test('is another when the output changes', () => {
    expect(fingerprintOf({ input_schema: input, output_schema: { type: 'array' } })).not.toBe(mark)
  })

  test('does not depend on the order of keys', () => {
    const keys = Object.keys(input)
    fc.assert(
      fc.property(fc.shuffledSubarray(keys, { minLength: keys.length }), (order) => {
        const schema = Object.fromEntries(order.map((key) => [key, input[key] as Json]))
        expect(fingerprintOf({ input_schema: schema, output_schema: output })).toBe(mark)
      }),
    )
  })
})
