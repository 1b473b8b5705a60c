import { describe, expect, it } from 'vitest'
import type { InputSpec } from '../domain/definition.ts'
import type { Json } from '../std/json.ts'
import { checkInputs, parseInputFlag } from './inputs.ts'

function specOf(fields: Partial<InputSpec>): InputSpec {
  return { type: 'string', required: true, secret: false, ...fields }
}

function messageOf(fields: Partial<InputSpec>, value: Json): string | undefined {
  const outcome = checkInputs({ x: specOf(fields) }, { x: value })
  return outcome.ok ? undefined : outcome.problems[0]?.message
}

describe('checking inputs', () => {
  it('fills defaults in, and null for optional inputs without one', () => {
    const specs = {
      a: specOf({ required: false, default: 1, type: 'number' }),
      b: specOf({ required: false }),
      c: specOf({}),
    }
    expect(checkInputs(specs, { c: 'given' })).toEqual({ ok: true, inputs: { a: 1, b: null, c: 'given' } })
  })

  it('takes null for not given', () => {
    expect(checkInputs({ a: specOf({ required: false, default: 'x' }) }, { a: null })).toEqual({
      ok: true,
      inputs: { a: 'x' },
    })
    expect(checkInputs({ a: specOf({}) }, { a: null }).ok).toBe(false)
  })

  it('tells all problems at once, with hints', () => {
    const specs = { topic: specOf({ description: 'What about' }), count: specOf({ type: 'integer' }) }
    expect(checkInputs(specs, { tpoic: 'x', count: '5' })).toEqual({
      ok: false,
      problems: [
        { name: 'tpoic', message: 'is not an input of this workflow', hint: 'did you mean "topic"?' },
        { name: 'topic', message: 'is required', hint: 'What about; give it with -i topic=TEXT' },
        { name: 'count', message: 'must be a whole number, but is the string "5"', hint: 'write 5 without quotes' },
      ],
    })
  })

  it('never takes inherited names for given ones', () => {
    expect(checkInputs({ toString: specOf({}) }, {}).ok).toBe(false)
    expect(checkInputs({}, { toString: 1 }).ok).toBe(false)
  })

  it.each<[Partial<InputSpec>, Json, string | undefined]>([
    [{ type: 'string' }, '', undefined],
    [{ type: 'string' }, 5, 'must be a string, but is the number 5'],
    [{ type: 'number' }, 1.5, undefined],
    [{ type: 'number' }, true, 'must be a number, but is true'],
    [{ type: 'integer' }, 1.5, 'must be a whole number, but is the number 1.5'],
    [{ type: 'boolean' }, 0, 'must be true or false, but is the number 0'],
    [{ type: 'array' }, {}, 'must be a list, but is an object'],
    [{ type: 'object' }, [], 'must be an object, but is a list'],
    [{ type: 'file' }, ' ', 'must be a path or a URL, but is the string " "'],
    [{ type: 'files' }, 'pictures/', undefined],
    [{ type: 'files', min: 5 }, ['a.png', { file: 'b.png' }], undefined],
    [{ type: 'files' }, [], undefined],
    [{ type: 'files' }, [' '], 'must be a folder, a path or a list of paths, but is a list'],
    [{ type: 'files' }, 3, 'must be a folder, a path or a list of paths, but is the number 3'],
    [{ enum: ['a', 'b'] }, 'b', undefined],
    [{ enum: ['a', 'b'] }, 'c', 'must be one of "a", "b"'],
    [{ type: 'object', enum: [{ a: 1 }] }, { a: 1 }, undefined],
    [{ type: 'number', min: 1, max: 2 }, 3, 'must be at most 2, but is 3'],
    [{ min: 2 }, '😀', 'must have at least 2 characters, but has 1'],
    [{ type: 'array', max: 1 }, [1, 2], 'must have at most 1 items, but has 2'],
    [{ pattern: '^[a-z]+$' }, 'abc', undefined],
    [{ pattern: '^[a-z]+$' }, 'ab1', 'must match the pattern ^[a-z]+$'],
    [{ pattern: 'b' }, 'abc', undefined],
  ])('%j and %j: %j', (spec, value, message) => {
    expect(messageOf(spec, value)).toBe(message)
  })

  it('matches patterns in linear time', () => {
    expect(messageOf({ pattern: '^(a+)+$' }, `${'a'.repeat(5_000)}b`)).toContain('must match the pattern')
  })
})

describe('inputs from the command line', () => {
  it.each<[InputSpec['type'], string, Json]>([
    ['string', '5', '5'],
    ['file', 'a.png', 'a.png'],
    ['files', 'pictures/*.png', 'pictures/*.png'],
    ['files', '["a.png", "b/"]', ['a.png', 'b/']],
    ['files', '[1].png', '[1].png'],
    ['number', '1.5e2', 150],
    ['number', '-.5', -0.5],
    ['number', 'Infinity', 'Infinity'],
    ['number', '0x10', '0x10'],
    ['number', '', ''],
    ['integer', ' 7 ', 7],
    ['boolean', 'true', true],
    ['boolean', 'no', 'no'],
    ['array', '[1, "a"]', [1, 'a']],
    ['array', 'a,b', 'a,b'],
    ['object', '{"a": {"b": 1}}', { a: { b: 1 } }],
    ['object', '{"__proto__": 1}', '{"__proto__": 1}'],
  ])('%s from %j is %j', (type, text, value) => {
    expect(parseInputFlag(specOf({ type }), text)).toEqual(value)
  })

  it('leaves text alone when there is no such input', () => {
    expect(parseInputFlag(undefined, '5')).toBe('5')
  })
})
