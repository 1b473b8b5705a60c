/** Bombs: each ends within its budget of steps and sizes, with an error that names the limit. No clock is read. */
import { describe, expect, it } from 'vitest'
import type { Json } from '../std/json.ts'
import { ExpressionError, measuredEvaluation } from './evaluate.ts'
import { defaultLimits, type Limits } from './limits.ts'
import { parseExpression } from './parse.ts'
import { newBudget } from './budget.ts'
import { findText } from './text.ts'

type Outcome = { code: string } | { steps: number; built: number; value: Json }

function run(source: string, scope: Record<string, Json> = {}, limits?: Partial<Limits>): Outcome {
  const parsed = parseExpression(source)
  if (!parsed.ok) return { code: parsed.problems[0]?.code ?? '' }
  try {
    return measuredEvaluation(parsed.expression, scope, { now: 0, limits })
  } catch (error) {
    if (error instanceof ExpressionError) return { code: error.problem.code }
    throw error
  }
}

function nestedLists(depth: number): Json {
  let value: Json = []
  for (let level = 1; level < depth; level += 1) value = [value]
  return value
}

const megabyte = 'a'.repeat(1_000_000)
const manyTexts = Array.from({ length: 100_000 }, (_, at) => `${'x'.repeat(50)}${at}`)
const manyNumbers = Array.from({ length: 1_500_000 }, (_, at) => (at * 7_919) % 1_000_003)
const repeated = (part: string, times: number) => `[${part.repeat(times)}]`

describe('bombs end with an error', () => {
  it.each<[string, Record<string, Json>, string]>([
    ['9**9**9**9', {}, 'exponent_too_large'],
    ['1e308*1e308', {}, 'number_too_large'],
    ['range(10**9)', {}, 'too_long'],
    ['range(0, 10**15, 1)', {}, 'too_long'],
    ['a + a', { a: megabyte }, 'too_long'],
    ['b + b', { b: manyTexts }, 'too_long'],
    ['replace(a, "a", "bb")', { a: megabyte }, 'too_many_steps'],
    ['replace(a, "aaaa", "bbbbbbbbb")', { a: megabyte }, 'too_long'],
    ['split(a, "a")', { a: megabyte }, 'too_many_steps'],
    ['split(a)', { a: 'a '.repeat(5_000_000) }, 'too_long'],
    ['join(b, a)', { a: megabyte, b: manyTexts }, 'too_long'],
    [`format("${'{0}'.repeat(2_000)}", a)`, { a: 'a'.repeat(1_000) }, 'too_long'],
    ['upper(a)', { a: `${megabyte}b` }, 'too_long'],
    ['upper(a)', { a: 'ΐ'.repeat(500_000) }, 'too_long'],
    [repeated('upper(a),', 10), { a: megabyte }, 'too_large'],
    [repeated('len(a),', 900), { a: `${megabyte}🙂` }, 'too_many_steps'],
    [repeated('a == b,', 600), { a: manyTexts, b: [...manyTexts] }, 'too_many_steps'],
    [repeated('a < b,', 600), { a: `${megabyte}1`, b: `${megabyte}2` }, 'too_many_steps'],
    ['sort(a)', { a: manyNumbers }, 'too_long'],
    ['max(a)', { a: manyNumbers }, 'too_many_steps'],
    ['sum(a)', { a: manyNumbers }, 'too_many_steps'],
    ['-1 in a', { a: manyNumbers }, 'too_many_steps'],
    ['json(a)', { a: manyTexts }, 'too_long'],
    ['str(a)', { a: manyTexts }, 'too_long'],
    ['a == b', { a: nestedLists(100_000), b: nestedLists(100_000) }, 'too_deep'],
    ['a in [b]', { a: nestedLists(100_000), b: nestedLists(100_000) }, 'too_deep'],
    ['json(a)', { a: nestedLists(100_000) }, 'too_deep'],
    ['unique([a])', { a: nestedLists(100_000) }, 'too_deep'],
    ['[a]', { a: nestedLists(100_000) }, 'too_deep'],
    ['parse_json(a)', { a: '['.repeat(100_000) + ']'.repeat(100_000) }, 'too_deep'],
    ['parse_json(a)', { a: `[${'1,'.repeat(4_000_000)}1]` }, 'too_many_steps'],
    [repeated('a,', 999), { a: manyTexts }, 'too_large'],
    ['map(b, "q", a)', { a: megabyte, b: manyTexts }, 'too_large'],
    ['matches(a, "(\\\\w+\\\\s?)*\\\\d$")', { a: 'abc '.repeat(200_000) }, 'too_many_steps'],
    [repeated('matches(a, "(?:a?){100}a{100}x"),', 200), { a: 'a'.repeat(100) }, 'too_many_steps'],
    [`get(a, "${'a[0]'.repeat(400)}")`, { a: 1 }, 'too_long'],
  ])('%s', (source, scope, code) => {
    expect(run(source, scope)).toEqual({ code })
  })
})

describe('costs', () => {
  it('are bounded: whatever happens, steps and sizes stay within the limits', () => {
    const limits = { steps: 5_000, totalSize: 2_000, stringLength: 500, listLength: 100 }
    for (const source of [
      'sort(a)',
      'unique(a)',
      'map(a, "x", 1)',
      'filter(a)',
      'join(map(a, "x", "yy"), ",")',
      'json(a)',
      'flatten(a)',
      'range(99)',
    ]) {
      const outcome = run(source, { a: Array.from({ length: 90 }, (_, at) => ({ at })) }, limits)
      if ('code' in outcome) continue
      expect(outcome.steps, source).toBeLessThanOrEqual(limits.steps)
      expect(outcome.built, source).toBeLessThanOrEqual(limits.totalSize)
    }
  })

  it('of what is only passed on do not depend on its size', () => {
    const small = run('x.y ?? z', { x: { y: [1] } })
    const large = run('x.y ?? z', { x: { y: manyTexts } })
    expect(small).toMatchObject({ steps: 3 })
    expect(large).toMatchObject({ steps: 3, built: 0 })
    expect(run('a', { a: nestedLists(100_000) })).toMatchObject({ steps: 1, built: 0 })
  })

  it('of searching grow with the text, not with the text times what is searched for', () => {
    const needle = `${'a'.repeat(250_000)}b${'a'.repeat(250_000)}`
    const outcome = run('b in a', { a: megabyte, b: needle })
    expect(outcome).toMatchObject({ value: false })
    expect('steps' in outcome && outcome.steps).toBeLessThan(200_000)
  })

  it('leave what people do well within the limits', () => {
    const scope = {
      text: 'word '.repeat(20_000),
      rows: Array.from({ length: 5_000 }, (_, at) => ({ id: `r${at}`, score: at % 97 })),
    }
    for (const source of [
      'len(split(text))',
      'map(sort(rows, "score", "desc"), "id")[:10]',
      'len(filter(rows, "score", 5))',
      'upper(replace(text, "word", "w"))',
      'matches(text, "(?i)wordy|w[aeiou]rd$")',
      'len(unique(map(rows, "score")))',
      'len(json(rows))',
      'range(100000)',
    ]) {
      const outcome = run(source, scope)
      expect('steps' in outcome && outcome.steps, source).toBeLessThan(defaultLimits.steps / 2)
    }
  })
})

describe('searching long text', () => {
  it('finds what the engine finds, by either way', () => {
    const texts = ['ab'.repeat(30_000), `${'a'.repeat(60_000)}b`, 'abcab'.repeat(9_000)]
    const needles = [
      'ab'.repeat(20),
      `${'a'.repeat(40)}b`,
      `${'abcab'.repeat(12)}c`,
      'b'.repeat(60),
      `${'ab'.repeat(40)}a`,
    ]
    for (const text of texts) {
      for (const needle of needles) {
        for (const from of [0, 1, 17, text.length - 5]) {
          expect(findText(text, needle, from, newBudget(defaultLimits))).toBe(text.indexOf(needle, from))
        }
      }
    }
  })
})
