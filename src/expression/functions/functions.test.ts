import { describe, expect, it } from 'vitest'
import type { Json } from '../../std/json.ts'
import { evaluateExpression, ExpressionError } from '../evaluate.ts'
import { parseExpression } from '../parse.ts'
import { lenientFunctions } from '../references.ts'
import { signatureOf } from './function-spec.ts'
import { functionTable } from './table.ts'

function evaluate(source: string, scope: Record<string, Json> = {}): Json {
  const parsed = parseExpression(source)
  if (!parsed.ok) throw new Error(`${source}: ${parsed.problems[0]?.message}`)
  return evaluateExpression(parsed.expression, scope, { now: 1_000 })
}

function code(source: string, scope: Record<string, Json> = {}): string {
  try {
    evaluate(source, scope)
    return 'none'
  } catch (error) {
    if (error instanceof ExpressionError) return error.problem.code
    throw error
  }
}

describe('the table', () => {
  it('has the functions of the language', () => {
    const names =
      'len min max sum abs round floor ceil int float str bool lower upper trim split join contains startswith endswith ' +
      'replace slice range keys values items first last sort unique flatten any all get default json parse_json format ' +
      'now duration matches map filter defined'
    expect([...functionTable.keys()].sort()).toEqual(names.split(' ').sort())
  })

  it('agrees with the parser about which functions are lenient', () => {
    const lenient = [...functionTable].filter(([, spec]) => spec.lenient !== undefined).map(([name]) => name)
    expect(new Set(lenient)).toEqual(lenientFunctions)
  })

  it('describes each function in one sentence', () => {
    for (const [name, spec] of functionTable) {
      expect(spec.doc, name).toMatch(/^[A-Z].*\.$/)
      expect(signatureOf(name, spec)).toMatch(/^\w+\(.*\)$/)
    }
  })

  it.each([...functionTable])('%s refuses too few and too many arguments', (name, spec) => {
    const least = spec.parameters.filter((parameter) => !parameter.optional && !parameter.rest).length
    const rest = spec.parameters.at(-1)?.rest
    if (least > 0 || (rest?.atLeast ?? 0) > 0) expect(code(`${name}()`)).toBe('wrong_arity')
    if (!rest)
      expect(
        code(
          `${name}(${Array(spec.parameters.length + 1)
            .fill('1')
            .join(',')})`,
        ),
      ).toBe('wrong_arity')
  })

  it.each([...functionTable])('%s refuses arguments of the wrong kind', (name, spec) => {
    const wrong: Record<string, string> = {
      null: 'null',
      boolean: 'true',
      number: '1',
      string: '"a"',
      array: '[]',
      object: '{}',
    }
    spec.parameters.forEach((parameter, position) => {
      for (const [kind, literal] of Object.entries(wrong)) {
        if (!parameter.kinds || (parameter.kinds as readonly string[]).includes(kind)) continue
        const args = spec.parameters.map((other, at) =>
          at === position ? literal : (wrong[other.kinds?.[0] ?? 'null'] as string),
        )
        expect(code(`${name}(${args.join(', ')})`), `${parameter.name}: ${kind}`).toBe('wrong_type')
      }
    })
  })
})

describe('numbers', () => {
  it.each<[string, Json]>([
    ['round(0.5)', 1],
    ['round(-0.5)', -1],
    ['round(1.45, 1)', 1.5],
    ['round(1e-10, 5)', 0],
    ['round(123456789012345680000, 2)', 123456789012345680000],
    ['round(1.7e308, 5)', 1.7e308],
    ['round(15, -1)', 20],
    ['int(-3.9)', -3],
    ['int(" -7 ")', -7],
    ['int(true)', 1],
    ['float(".5")', 0.5],
    ['float("-1e-3")', -0.001],
    ['min("b", "a")', 'a'],
    ['max([3])', 3],
    ['sum([])', 0],
    ['range(0)', []],
    ['range(5, 0)', []],
    ['range(0, -4, -2)', [0, -2]],
  ])('%s is %j', (source, expected) => {
    expect(evaluate(source)).toStrictEqual(expected)
  })

  it.each([
    ['int("")', 'not_a_number'],
    ['int("0x10")', 'not_a_number'],
    ['int("9007199254740993")', 'number_too_large'],
    ['float("1,5")', 'not_a_number'],
    ['float("inf")', 'not_a_number'],
    ['float("1e999")', 'number_too_large'],
    ['min(1, "a")', 'wrong_type'],
    ['max([true])', 'wrong_type'],
    ['max([1], [2])', 'wrong_type'],
    ['min([])', 'empty_list'],
    ['sum([1, "2"])', 'wrong_type'],
    ['sum([1.7e308, 1.7e308])', 'number_too_large'],
    ['round(1, 0.5)', 'out_of_range'],
    ['round(1, 1000000000)', 'out_of_range'],
    ['range(1, 2, 0)', 'out_of_range'],
    ['range(1.5)', 'wrong_type'],
    ['(-8) ** 0.5', 'not_a_number'],
    ['0 ** -1', 'division_by_zero'],
    ['1 % 0', 'division_by_zero'],
    ['1 // 0', 'division_by_zero'],
    ['1e308 * 10', 'number_too_large'],
    ['2 ** 100000', 'exponent_too_large'],
  ])('%s fails: %s', (source, expected) => {
    expect(code(source)).toBe(expected)
  })
})

describe('text', () => {
  it.each<[string, Json]>([
    ['split("", ",")', ['']],
    ['split(" ")', []],
    ['split("a--b--", "--")', ['a', 'b', '']],
    ['join([], ",")', ''],
    ['replace("aaa", "aa", "b")', 'ba'],
    ['replace("abc", "x", "y")', 'abc'],
    ['replace("a.b", ".", "$&")', 'a$&b'],
    ['format("{}{}", 1, [2])', '1[2]'],
    ['format("{0}{0}", null)', 'nullnull'],
    ['format("{:.2f}", 1.005)', '1.01'],
    ['format("{:.0f}", 2.5)', '3'],
    ['format("100%")', '100%'],
    ['trim("\\n a \\t")', 'a'],
    ['upper("straße")', 'STRASSE'],
    ['len("e\\u0301")', 2],
    ['contains("abc", "")', true],
    ['contains({a: 1}, "a")', true],
    ['str("a")', 'a'],
    ['str({a: "b"})', '{"a":"b"}'],
    ['str(0.1)', '0.1'],
    ['str(1e-7)', '1e-7'],
    ['bool("")', false],
    ['first("")', null],
    ['last("a🙂")', '🙂'],
  ])('%s is %j', (source, expected) => {
    expect(evaluate(source)).toStrictEqual(expected)
  })

  it.each([
    ['split("a", "")', 'empty_text'],
    ['replace("a", "", "b")', 'empty_text'],
    ['join([null])', 'wrong_type'],
    ['join([[1]])', 'wrong_type'],
    ['format("{}")', 'wrong_arity'],
    ['format("{2}", 1)', 'wrong_arity'],
    ['format("{x}", 1)', 'bad_format'],
    ['format("{:>5}", 1)', 'bad_format'],
    ['format("}", 1)', 'bad_format'],
    ['format("{:.2f}", "a")', 'wrong_type'],
    ['1 in "abc"', 'wrong_type'],
  ])('%s fails: %s', (source, expected) => {
    expect(code(source)).toBe(expected)
  })
})

describe('patterns', () => {
  it.each<[string, boolean]>([
    ['matches("abc", "b")', true],
    ['matches("abc", "^b")', false],
    ['matches("ABC", "(?i)^abc$")', true],
    ['matches("a\\nb", "(?m)^b$")', true],
    ['matches("größe", "^\\\\pL+$")', true],
    ['matches("", "")', true],
    ['matches("ab ab", "(a|b){2} ab")', true],
  ])('%s is %j', (source, expected) => {
    expect(evaluate(source)).toBe(expected)
  })

  it.each([
    ['matches("a", "(")', 'invalid_pattern'],
    ['matches("a", "(a)\\\\1")', 'invalid_pattern'],
    ['matches("a", "(?<=a)b")', 'invalid_pattern'],
    ['matches("a", "(?:a?){1000}a{1000}")', 'pattern_too_large'],
    ['matches("a", "a{150}b{0,100}")', 'pattern_too_large'],
    ['matches("a", x)', 'pattern_too_large'],
  ])('%s fails: %s', (source, expected) => {
    expect(code(source, { x: 'a'.repeat(501) })).toBe(expected)
  })

  it('costs the same whether or not the pattern was compiled before', () => {
    const source = 'matches(x, "(a|b)*c[0-9]{3}")'
    const parsed = parseExpression(source)
    if (!parsed.ok) throw new Error('does not parse')
    const run = (steps: number) =>
      evaluateExpression(parsed.expression, { x: 'ab'.repeat(100) }, { now: 0, limits: { steps } })
    expect(() => run(1_000)).toThrow('takes more than 1000 steps')
    expect(run(100_000)).toBe(false)
    expect(() => run(1_000)).toThrow('takes more than 1000 steps')
  })
})

describe('lists and objects', () => {
  it.each<[string, Json]>([
    ['sort([3, 1, 2], null, "desc")', [3, 2, 1]],
    ['sort(["b", "a"])', ['a', 'b']],
    ['sort([])', []],
    ['map(sort([{k: 1, v: "x"}, {k: 0, v: "y"}, {k: 1, v: "z"}], "k"), "v")', ['y', 'x', 'z']],
    [
      'unique([{a: 1, b: 2}, {b: 2, a: 1}, [1], [1], true, 1, "1", null, null])',
      [{ a: 1, b: 2 }, [1], true, 1, '1', null],
    ],
    ['flatten([[1], [[2]], 3])', [1, [2], 3]],
    ['flatten([[1], [[2]], 3], 9)', [1, 2, 3]],
    ['any([])', false],
    ['all([])', true],
    ['any([{a: {b: 1}}], "a.b")', true],
    ['all([{a: 1}, {}], "a")', false],
    ['filter([{a: null}, {}], "a", null)', [{ a: null }]],
    ['map([{a: null}, {}], "a", 0)', [0, 0]],
    ['map([[1, 2], [3, 4]], "[1]")', [2, 4]],
    ['items({})', []],
    ['get({"a.b": 1}, ["a.b"])', 1],
    ['slice([1, 2, 3], -2, 3)', [2, 3]],
    ['json("é\\n")', '"é\\n"'],
    ['parse_json(" [1, {\\"a\\": null}] ")', [1, { a: null }]],
    ['duration("1.5h")', 5_400_000],
    ['duration(0.5)', 500],
    ['now()', 1_000],
  ])('%s is %j', (source, expected) => {
    expect(evaluate(source)).toStrictEqual(expected)
  })

  it.each([
    ['sort([1, "a"])', 'wrong_type'],
    ['sort([null])', 'wrong_type'],
    ['sort([{a: 1}, {}], "a")', 'missing_field'],
    ['sort([1], null, "down")', 'out_of_range'],
    ['flatten([], 0)', 'out_of_range'],
    ['map([1], "a")', 'wrong_type'],
    ['map([{a: 1}], "")', 'bad_path'],
    ['get({}, "a..b")', 'bad_path'],
    ['get({}, ".a")', 'bad_path'],
    ['get({}, "a[x]")', 'bad_path'],
    ['get({}, [null])', 'bad_path'],
    ['duration("5 minutes")', 'bad_duration'],
    ['duration(-1)', 'bad_duration'],
    ['parse_json("{")', 'invalid_json'],
  ])('%s fails: %s', (source, expected) => {
    expect(code(source)).toBe(expected)
  })
})
