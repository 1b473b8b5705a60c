import { describe, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../std/json.ts'
import { changesText, changeText, schemaChanges } from './schema-changes.ts'

const schemas = (properties: JsonObject, required: string[] = [], output: JsonObject = { type: 'string' }) => ({
  input_schema: { type: 'object', properties, required },
  output_schema: output,
})
const prompt: Json = { type: 'string', description: 'What to draw' }

describe('what differs between two versions', () => {
  test('is nothing where only prose and order differ', () => {
    const before = schemas({ prompt, seed: { type: 'integer' } }, ['prompt', 'seed'])
    const after = schemas({ seed: { type: 'integer' }, prompt: { type: 'string', title: 'P' } }, ['seed', 'prompt'])
    expect(schemaChanges(before, after)).toEqual([])
  })

  test.each([
    ['an input more', schemas({ prompt }), schemas({ prompt, seed: {} }), ['input "seed" added']],
    [
      'one that is needed',
      schemas({ prompt }),
      schemas({ prompt, seed: {} }, ['seed']),
      ['input "seed" added (required)'],
    ],
    ['one less', schemas({ prompt, seed: {} }), schemas({ prompt }), ['input "seed" removed']],
    [
      'a type',
      schemas({ prompt }),
      schemas({ prompt: { type: 'integer' } }),
      ['input "prompt": type "string" → "integer"'],
    ],
    ['a need', schemas({ prompt }), schemas({ prompt }, ['prompt']), ['input "prompt": required false → true']],
    [
      'a bound',
      schemas({ size: { minimum: 1 } }),
      schemas({ size: { maximum: 2 } }),
      ['input "size": minimum 1 removed', 'input "size": maximum 2 added'],
    ],
    [
      'a choice',
      schemas({ size: { enum: [1, 2] } }),
      schemas({ size: { enum: [2, 1, 4] } }),
      ['input "size": enum.2 4 added'],
    ],
    [
      'the output',
      schemas({}),
      schemas({}, [], { type: 'array', items: { type: 'string' } }),
      ['output: type "string" → "array"', 'output: items {"type":"string"} added'],
    ],
  ])('says %s', (_what, before, after, said) => {
    expect(schemaChanges(before, after)?.map(changeText)).toEqual(said)
  })

  test('is unknown where a schema is', () => {
    expect(schemaChanges({}, schemas({}))).toBeUndefined()
  })

  test('is cut short for one line', () => {
    const names = ['a', 'b', 'c', 'd', 'e']
    const changes = schemaChanges(schemas({}), schemas(Object.fromEntries(names.map((name) => [name, {}])))) ?? []
    expect(changesText(changes)).toBe('input "a" added, input "b" added, input "c" added, 2 more')
  })
})
