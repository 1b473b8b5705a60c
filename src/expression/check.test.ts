import { describe, expect, it } from 'vitest'
import { checkExpression, type CheckResult, type CheckScope, type ValueType } from './check.ts'
import { parseExpression } from './parse.ts'

const any: ValueType = { kind: 'any' }
const text: ValueType = { kind: 'string' }
const number: ValueType = { kind: 'number' }
const step: ValueType = {
  kind: 'object',
  fields: {
    output: any,
    status: text,
    cost: number,
    files: { kind: 'array', items: { kind: 'object', fields: { path: text }, open: false } },
  },
  open: false,
}
const scope: CheckScope = {
  names: {
    inputs: {
      kind: 'object',
      fields: { topic: text, count: number, tags: { kind: 'array', items: text } },
      open: false,
    },
    steps: { kind: 'object', fields: { draw: step, judge: step }, open: false },
    item: any,
    flag: { kind: 'boolean' },
    nothing: { kind: 'null' },
    loose: { kind: 'object', fields: { known: number }, open: true },
  },
  statusFunctions: { steps: ['draw', 'judge'] },
}

function check(source: string, within: CheckScope = scope): CheckResult {
  const parsed = parseExpression(source)
  if (!parsed.ok) throw new Error(`${source}: ${parsed.problems[0]?.message}`)
  return checkExpression(parsed.expression, within)
}

function problems(source: string, within?: CheckScope): string[] {
  return check(source, within).problems.map(
    ({ start, end, code, severity }) =>
      `${start.column}-${end.column} ${code}${severity === 'warning' ? ' warning' : ''}`,
  )
}

describe('problems', () => {
  it.each([
    ['input.topic', ['1-6 unknown_name']],
    ['inputs.topik', ['8-13 unknown_field']],
    ['inputs["topik"]', ['8-15 unknown_field']],
    ['steps.drwa.output', ['7-11 unknown_field']],
    ['steps.draw.outputs', ['12-19 unknown_field']],
    ['steps.nope.output ?? 1', ['7-11 unknown_field']],
    ['defined(steps.nope)', ['15-19 unknown_field']],
    ['steps.draw.output.any.thing[0]', []],
    ['loose.what.ever', []],
    ['item.x[0]["y"]', []],
    ['inputs.topic.length', ['14-20 wrong_type']],
    ['inputs.tags.x', ['13-14 wrong_type']],
    ['inputs.tags["x"]', ['13-16 wrong_type']],
    ['inputs.count[0]', ['1-16 wrong_type']],
    ['inputs.count[1:]', ['1-17 wrong_type']],
    ['inputs.tags[inputs.topic:]', ['13-25 wrong_type']],
    ['inputs[0]', ['8-9 wrong_type']],
    ['steps[inputs.topic].status', []],
    ['steps.draw.files[0].pth', ['21-24 unknown_field']],
    ['nothing.x', ['9-10 wrong_type']],
    ['nothing?.x', []],
    ['nothing.x ?? 1', []],
    ['lenn(item)', ['1-5 unknown_function']],
    ['len()', ['1-6 wrong_arity']],
    ['len(item, 1)', ['1-13 wrong_arity']],
    ['len(inputs.count)', ['5-17 wrong_type']],
    ['join(inputs.topic)', ['6-18 wrong_type']],
    ['min(1, inputs.count, item)', []],
    ['upper(inputs.count + 1)', ['7-23 wrong_type']],
    ['upper(str(1) + item)', []],
    ['inputs.topic + 1', ['1-17 wrong_type']],
    ['inputs.topic + item', []],
    ['inputs.topic * 2', ['1-17 wrong_type']],
    ['-inputs.topic', ['1-14 wrong_type']],
    ['[1] + "a"', ['1-10 wrong_type']],
    ['inputs.topic > 3', ['1-17 wrong_type']],
    ['0 < inputs.topic < "x"', ['1-17 wrong_type']],
    ['flag < true', ['1-12 wrong_type']],
    ['inputs.topic == 3', ['1-18 never_equal warning']],
    ['flag == 1', ['1-10 never_equal warning']],
    ['inputs.topic == null', []],
    ['1 in inputs.topic', ['1-18 wrong_type']],
    ['1 in inputs.count', ['1-18 wrong_type']],
    ['"a" in inputs', []],
    ['{a: 1}.b', ['8-9 unknown_field']],
    ['{a: inputs.topic}.a > 1', ['1-24 wrong_type']],
    ['(inputs.topic if flag else 1) > 1', []],
    ['(inputs.count ?? "a") > 1', []],
    ['first(inputs.tags) > 1', ['1-23 wrong_type']],
    ['succeeded("drwa")', ['11-17 unknown_step']],
    ['succeeded(item)', ['1-16 wrong_arity']],
    ['succeeded()', ['1-12 wrong_arity']],
    ['always("draw")', ['1-15 wrong_arity']],
    ['len', ['1-4 unknown_name']],
  ])('of %s', (source, expected) => {
    expect(problems(source)).toEqual(expected)
  })

  it('are listed all at once, in the order of the source, with what was meant', () => {
    const { problems: found } = check('lenn(inputs.topik) > steps.drwa.cost and failed("judg")')
    expect(found.map(({ start, hint }) => [start.column, hint])).toEqual([
      [1, 'did you mean `len`?'],
      [13, 'did you mean `topic`?'],
      [28, 'did you mean `draw`?'],
      [49, 'did you mean `judge`?'],
    ])
  })

  it('are none for unknown names of an open scope', () => {
    expect(problems('a.b > c', { names: {}, open: true, statusFunctions: false })).toEqual([])
  })

  it('tell where status functions can be used', () => {
    expect(check('succeeded("draw")', { names: {}, statusFunctions: false }).problems).toMatchObject([
      { code: 'status_not_here', hint: 'elsewhere read steps.x.status' },
    ])
  })

  it('look at own fields of types only', () => {
    expect(problems('inputs.toString')).toEqual(['8-16 unknown_field'])
    expect(problems('valueOf')).toEqual(['1-8 unknown_name'])
  })
})

describe('types', () => {
  it.each<[string, ValueType['kind']]>([
    ['inputs.topic', 'string'],
    ['inputs.tags[0]', 'string'],
    ['inputs.tags[1:]', 'array'],
    ['inputs.topic[0]', 'string'],
    ['item', 'any'],
    ['len(item)', 'number'],
    ['item > 1', 'boolean'],
    ['not item', 'boolean'],
    ['a or b', 'boolean'],
    ['1 if item else 2', 'number'],
    ['1 if item else "a"', 'any'],
    ['item ?? 1', 'any'],
    ['null ?? 1', 'number'],
    ['{a: 1}', 'object'],
    ['[1] + [2]', 'array'],
    ['item + "a"', 'string'],
    ['item - 1', 'number'],
    ['max(inputs.tags)', 'string'],
    ['default(null, "a")', 'string'],
    ['always()', 'boolean'],
  ])('%s is of type %s', (source, kind) => {
    expect(check(source).type.kind).toBe(kind)
  })
})

describe('constants', () => {
  it.each([
    ['1 + 1', { value: 2 }],
    ['"a" in ["a"]', { value: true }],
    ['not true', { value: false }],
    ['item', undefined],
    ['now() > 0', undefined],
    ['always()', undefined],
    ['inputs.count * 0', undefined],
  ])('%s has the constant value %j', (source, expected) => {
    expect(check(source).constant).toEqual(expected)
  })

  it('that always fail are problems', () => {
    expect(problems('1 / 0')).toEqual(['1-6 division_by_zero'])
    expect(problems('[1][5]')).toEqual(['4-7 out_of_range'])
  })
})

it('tells which steps a condition asks about', () => {
  expect(check('always() or succeeded("draw") and not failed("judge")').statusCalls).toEqual([
    { name: 'always' },
    { name: 'succeeded', step: 'draw' },
    { name: 'failed', step: 'judge' },
  ])
})
