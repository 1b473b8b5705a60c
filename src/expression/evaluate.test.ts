import { describe, expect, it } from 'vitest'
import type { Json } from '../std/json.ts'
import { evaluateExpression, ExpressionError } from './evaluate.ts'
import { isReservedWord, refusedWords, wordKinds } from './names.ts'
import { parseExpression } from './parse.ts'
import { type ExpressionProblem, problemFrame } from './position.ts'

type Scope = Record<string, Json>

function evaluate(source: string, scope: Scope = {}): Json {
  const parsed = parseExpression(source)
  if (!parsed.ok) throw new Error(`${source}: ${parsed.problems[0]?.message}`)
  return evaluateExpression(parsed.expression, scope, { now: 5 })
}

function failure(source: string, scope: Scope = {}): ExpressionError {
  try {
    evaluate(source, scope)
  } catch (error) {
    if (error instanceof ExpressionError) return error
    throw error
  }
  throw new Error(`${source} did not fail`)
}

describe('values', () => {
  it('evaluates what the issue asks to work as written', () => {
    const source = 'len(output) > 100 and cost < 0.01'
    expect(evaluate(source, { output: 'x'.repeat(101), cost: 0.001 })).toBe(true)
    expect(evaluate(source, { output: 'x'.repeat(100), cost: 0.001 })).toBe(false)
  })

  it('evaluates each operand of a chain once and stops at the first pair that does not hold', () => {
    expect(evaluate('1 < 2 < 2 < missing')).toBe(false)
    expect(evaluate('1 < 2 <= 2 != 3')).toBe(true)
  })

  it('evaluates the right side of logic, conditionals and defaults only when it is needed', () => {
    expect(evaluate('false and missing')).toBe(false)
    expect(evaluate('1 or missing')).toBe(true)
    expect(evaluate('1 if true else missing')).toBe(1)
    expect(evaluate('false ? missing : 2')).toBe(2)
    expect(evaluate('1 ?? missing')).toBe(1)
    expect(failure('true and missing').problem.code).toBe('unknown_name')
  })

  it.each<[string, Json]>([
    ['-0', 0],
    ['0 * -1', 0],
    ['-7 // 2', -4],
    ['7 // -2', -4],
    ['-7 % 2', 1],
    ['5.5 % 2', 1.5],
    ['0.1 + 0.2 == 0.3', false],
    ['1 // 0.1', 9],
    ['2 ** 0.5 > 1.414', true],
    ['"é" < "z"', false],
    ['"a" + "b" in "cab"', true],
    ['[1] in [[1], 2]', true],
    ['"1" in [1]', false],
    ['1 in {a: 1}', false],
    ['null == false', false],
    ['[] == {}', false],
    ['{} == {}', true],
    ['[1, [2]][1][0]', 2],
    ['{a: {b: 3}}.a["b"]', 3],
    ['"🙂é"[0] == "🙂"', true],
    ['"a🙂b"[1:]', '🙂b'],
    ['"a🙂b"[-2]', '🙂'],
    ['[1, 2, 3][5:]', []],
    ['[1, 2, 3][-2:-1]', [2]],
    ['[1, 2, 3][2:1]', []],
    ['"\\ud83d" < "\\uffff"', false],
  ])('%s is %j', (source, expected) => {
    expect(evaluate(source)).toStrictEqual(expected)
  })

  it('never gives a negative zero', () => {
    for (const source of [
      '-0',
      '-x',
      '0 * -1',
      'round(-0.4)',
      'ceil(-0.5)',
      'float("-0")',
      'int("-0")',
      'int(-0.5)',
      '0 / -5',
      '-6 % 3',
    ]) {
      expect(Object.is(evaluate(source, { x: 0 }), -0), source).toBe(false)
    }
  })

  it('compares text by code points, not by UTF-16 units', () => {
    expect(evaluate('a < b', { a: '\uffff', b: '\u{1f600}' })).toBe(true)
    expect(evaluate('a > b', { a: '\u{1f600}x', b: '\u{1f600}' })).toBe(true)
  })

  it('gives parts of the scope as they are and leaves the scope unchanged', () => {
    const scope = { list: [3, 1, 2], deep: { a: [1] } }
    const before = structuredClone(scope)
    expect(evaluate('deep.a', scope)).toBe(scope.deep.a)
    expect(evaluate('sort(list) + deep.a', scope)).toEqual([1, 2, 3, 1])
    expect(scope).toEqual(before)
  })

  it('takes the time from its caller', () => {
    expect(evaluate('now() + now()')).toBe(10)
  })
})

describe('missing data', () => {
  const scope: Scope = { a: { b: null, c: { d: 1 } }, n: null, s: 'text', l: [{ x: 1 }] }

  it.each<[string, Json]>([
    ['a.x ?? 1', 1],
    ['a.x.y.z ?? 1', 1],
    ['a.b.c ?? 1', 1],
    ['a.b ?? 1', 1],
    ['n ?? 1', 1],
    ['n.x ?? 1', 1],
    ['s.x ?? 1', 1],
    ['s["x"] ?? 1', 1],
    ['l[3].x ?? 1', 1],
    ['l.x ?? 1', 1],
    ['zzz ?? 1', 1],
    ['zzz[1:2] ?? 1', 1],
    ['a.x ?? a.b ?? a.c.d', 1],
    ['(a.x ?? {y: 2}).y', 2],
    ['a?.x', null],
    ['a?.x.y.z', null],
    ['n?.x.y', null],
    ['n?.[0]', null],
    ['l?.[5]', null],
    ['a?.c.d', 1],
    ['n?.[0:1]', null],
    ['defined(a.b)', true],
    ['defined(a.b.c)', false],
    ['defined(a.x)', false],
    ['defined(s.x)', false],
    ['defined(zzz.x)', false],
    ['defined(l[0].x)', true],
    ['default(a.x, 1)', 1],
    ['default(a.b, 1)', 1],
    ['default(0, 1)', 0],
    ['get(a, "c.d", 5)', 1],
    ['get(a, "c.e", 5)', 5],
    ['get(a, "b.e", 5)', 5],
    ['get(a.x.y, "z", 5)', 5],
    ['get(a, "c.e")', null],
    ['get(l, "[0].x")', 1],
    ['get(l, [0, "x"])', 1],
    ['get(l, -1)', { x: 1 }],
  ])('%s is %j', (source, expected) => {
    expect(evaluate(source, scope)).toStrictEqual(expected)
  })

  it.each([
    ['a.x', '1:3-4 missing_field'],
    ['a.b.c', '1:5-6 null_value'],
    ['n.x', '1:3-4 null_value'],
    ['n[0]', '1:2-5 null_value'],
    ['s.x', '1:3-4 wrong_type'],
    ['s?.x', '1:4-5 wrong_type'],
    ['l.x', '1:3-4 wrong_type'],
    ['l[1]', '1:2-5 out_of_range'],
    ['l["x"]', '1:2-7 wrong_type'],
    ['l[0.5]', '1:2-7 wrong_type'],
    ['a[0]', '1:2-5 wrong_type'],
    ['l[true:]', '1:2-9 wrong_type'],
    ['n[1:]', '1:2-6 wrong_type'],
    ['a.x?.y', '1:3-4 missing_field'],
    ['1 ?? 2 if zzz else 3', '1:11-14 unknown_name'],
    ['len(a.x) ?? 1', '1:7-8 missing_field'],
    ['l[a.x] ?? 1', '1:5-6 missing_field'],
  ])('%s fails at %s', (source, expected) => {
    const { problem, position } = failure(source, scope)
    expect(`${position.line}:${position.column}-${problem.end.column} ${problem.code}`).toBe(expected)
  })
})

describe('errors', () => {
  it('say what, where, and what to do', () => {
    const error = failure('steps.draw.outptu.url', { steps: { draw: { output: { url: 'u' }, status: 'succeeded' } } })
    expect(error).toMatchObject({
      code: 'expression_failed',
      retryable: false,
      message: 'there is no field `outptu` (it has `output`, `status`)',
      hint: 'did you mean `output`?',
      position: { line: 1, column: 12, offset: 11 },
      details: { problem: 'missing_field', line: 1, column: 12, expression: 'steps.draw.outptu.url' },
    })
    expect(problemFrame(error.source, error.problem)).toBe('steps.draw.outptu.url\n           ^^^^^^')
  })

  it.each([
    ['inptus.x', { inputs: {} }, 'did you mean `inputs`?'],
    ['"n" + 3', {}, 'to join text write str(x), or format("{} of {}", a, b)'],
    ['x > 3', { x: '4' }, 'convert one of them: float(text) or str(number)'],
    ['x > 3', { x: [1] }, 'to compare its length write len(x)'],
    ['x > 3', { x: null }, 'a default for null is written (x ?? 0)'],
    ['x * 2', { x: '4' }, 'text is not repeated by *; to read a number from text write float(x)'],
    ['x.y', { x: '{"y": 1}' }, 'if this is JSON text, write parse_json(x).y'],
    ['x.y', { x: [{ y: 1 }] }, 'one element is x[0].y; that field of all is map(x, "y")'],
    ['lenn(x)', { x: 1 }, 'did you mean `len`?'],
    ['len()', {}, 'it is written len(x)'],
    ['1 / x', { x: 0 }, 'guard it: a / b if b != 0 else 0'],
    ['parse_json(x)', { x: '```json\n{}\n```' }, 'it is wrapped in a Markdown fence; cut that off first'],
  ])('%s with %j advises: %s', (source, scope, hint) => {
    expect(failure(source, scope as Scope).hint).toBe(hint)
  })

  it('keep names from data short', () => {
    const scope = { x: { ['k'.repeat(100_000)]: 1 } }
    expect(failure('x.y', scope).message.length).toBeLessThan(200)
    expect(failure(`x.${'z'.repeat(5_000)}`, scope).message.length).toBeLessThan(200)
  })
})

describe('the sandbox', () => {
  const polluted = JSON.parse(
    '{"o":{"__proto__":{"x":1},"constructor":"c","prototype":1,"hasOwnProperty":2},"key":"__proto__"}',
  ) as Scope

  it.each([
    'o[key]',
    'o["__pro" + "to__"]',
    'o[join(["construct", "or"])]',
    'get(o, "constructor")',
    'get(o, ["__proto__", "x"])',
    'map([o], "constructor")',
    'sort([o], "prototype")',
    'o[key] ?? 1',
    'defined(o[key])',
    '"text"["constr" + "uctor"]',
    '[1]["__pro" + "to__"]',
    'o?.[key]',
  ])('refuses %s', (source) => {
    expect(failure(source, polluted).problem.code).toBe('refused_name')
  })

  it.each([
    'toString',
    'valueOf',
    'hasOwnProperty',
    'isPrototypeOf',
    'globalThis',
    'process',
    'Object',
    'undefined',
    'NaN',
    'Infinity',
    'arguments',
  ])('knows no name %s', (name) => {
    expect(failure(name).problem.code).toBe('unknown_name')
    expect(failure(`${name}()`).problem.code).toBe('unknown_function')
    expect(evaluate(`defined(x.${name})`, { x: {} })).toBe(false)
    expect(evaluate(`"${name}" in x`, { x: {} })).toBe(false)
  })

  it('reads own fields that have the names of methods', () => {
    expect(evaluate('o.hasOwnProperty + len(keys(o))', polluted)).toBe(6)
    expect(evaluate('{toString: 1}.toString')).toBe(1)
  })

  it('sees only own names of the scope', () => {
    expect(failure('inherited', Object.create({ inherited: 1 }) as Scope).problem.code).toBe('unknown_name')
  })

  it('makes plain objects only', () => {
    const made = evaluate('{a: {b: [1]}}') as object
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype)
  })

  it('has no text become a prototype', () => {
    expect(failure('parse_json(x)', { x: '{"a": {"__proto__": {"p": 1}}}' }).problem.code).toBe('refused_name')
  })
})

describe('reserved words', () => {
  it('are those that can not be a name', () => {
    for (const word of ['and', 'if', 'None', 'lambda', 'for', 'this', 'constructor', '__x'])
      expect(isReservedWord(word), word).toBe(true)
    for (const word of ['item', 'index', 'from', 'order', 'len', 'output'])
      expect(isReservedWord(word), word).toBe(false)
  })

  it('are names nowhere', () => {
    for (const word of [...wordKinds.keys(), ...refusedWords.keys()]) {
      const parsed = parseExpression(word)
      expect(parsed.ok && parsed.expression.root.kind === 'name', word).toBe(false)
      expect(evaluate(`{${word}: 1}.${word}`), word).toBe(1)
    }
  })
})

it('shows a problem under its line', () => {
  const parsed = parseExpression('1 +\n\ta b +\n2')
  expect(parsed.ok ? '' : problemFrame('1 +\n\ta b +\n2', parsed.problems[0] as ExpressionProblem)).toBe(
    '\ta b +\n\t  ^',
  )
})

describe('status functions', () => {
  it('ask the caller', () => {
    const asked: string[] = []
    const parsed = parseExpression('always() and failed("a") and not skipped("b")')
    if (!parsed.ok) throw new Error('does not parse')
    const value = evaluateExpression(
      parsed.expression,
      {},
      {
        now: 0,
        status(name, step) {
          asked.push(`${name} ${step ?? '-'}`)
          return name !== 'skipped'
        },
      },
    )
    expect(value).toBe(true)
    expect(asked).toEqual(['always -', 'failed a', 'skipped b'])
  })

  it('are errors elsewhere, and with anything but one literal', () => {
    expect(failure('succeeded("a")').problem.code).toBe('status_not_here')
    expect(failure('succeeded(x)', { x: 'a' }).problem.code).toBe('wrong_arity')
    expect(failure('always(1)').problem.code).toBe('wrong_arity')
  })
})
