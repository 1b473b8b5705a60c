/** Random expressions against a naive reference. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkExpression } from '../../src/expression/check.ts'
import { evaluateExpression, ExpressionError } from '../../src/expression/evaluate.ts'
import { type Expression, parseEmbedded, parseExpression } from '../../src/expression/parse.ts'
import type { Json, JsonObject } from '../../src/std/json.ts'
import { Failed, means } from './naive-meaning.ts'
import { scope, term, type Term, write } from './random-term.ts'

function outcomeOver(expression: Expression, data: JsonObject): unknown {
  try {
    return { value: evaluateExpression(expression, data, { now: 0 }) }
  } catch (error) {
    if (error instanceof ExpressionError) return error.problem.code
    throw error
  }
}

function evaluated(source: string): { value: Json } | { failed: true } {
  const parsed = parseExpression(source)
  if (!parsed.ok) throw new Error(`does not parse: ${source}: ${parsed.problems[0]?.message}`)
  try {
    return { value: evaluateExpression(parsed.expression, scope, { now: 0 }) }
  } catch (error) {
    if (error instanceof ExpressionError) return { failed: true }
    throw error
  }
}

function referenced(it: Term): { value: Json } | { failed: true } {
  try {
    return { value: means(it) }
  } catch (error) {
    if (error instanceof Failed) return { failed: true }
    throw error
  }
}

/** Without the last digits, and without the sign of zero. */
function rounded(outcome: { value: Json } | { failed: true }): unknown {
  return JSON.parse(JSON.stringify(outcome), (_key, part: unknown) =>
    typeof part === 'number' ? Number(part.toPrecision(9)) : part,
  )
}

describe('random expressions', () => {
  it('mean what the naive reference says', () => {
    let values = 0
    fc.assert(
      fc.property(term, (it) => {
        const outcome = evaluated(write(it))
        expect(rounded(outcome)).toEqual(rounded(referenced(it)))
        if ('value' in outcome) values += 1
      }),
      { numRuns: 3_000 },
    )
    expect(values).toBeGreaterThan(300)
  })

  it('that the checker finds certainly wrong do fail, when everything in them is evaluated', () => {
    const names = { a: 'number', b: 'number', s: 'string', t: 'boolean', n: 'null' } as const
    const typed = Object.fromEntries(Object.entries(names).map(([name, kind]) => [name, { kind }]))
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(names)),
        fc.constantFrom(...Object.keys(names)),
        fc.constantFrom('+', '-', '//', '<', '>=', 'in', '=='),
        (left, right, operator) => {
          const parsed = parseExpression(`${left} ${operator} ${right}`)
          if (!parsed.ok) throw new Error('does not parse')
          const { problems } = checkExpression(parsed.expression, { names: typed, statusFunctions: false })
          const wrong = problems.some((problem) => problem.severity === 'error')
          expect(wrong).toBe('failed' in evaluated(`${left} ${operator} ${right}`))
        },
      ),
    )
  })

  it('with anything after them are refused, never cut off', () => {
    const tails = [
      ')',
      ']',
      '}',
      ' x',
      ' 1',
      ' "s"',
      ' not',
      ';',
      ' ;x',
      ',',
      ', x',
      ' // ',
      ' /* c */',
      ' # c',
      ' =',
      ' else x',
      ' :',
      '\u0000',
      ' @',
      ' .',
      '?.',
    ]
    fc.assert(
      fc.property(term, fc.constantFrom(...tails), (it, tail) => {
        expect(parseExpression(write(it) + tail).ok).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('end at their own braces when they are embedded', () => {
    fc.assert(
      fc.property(term, fc.string(), (it, after) => {
        const source = ` ${write(it)} `
        const outcome = parseEmbedded(`before \${{${source}}}${after}`, 10)
        expect(outcome).toMatchObject({ ok: true, end: 10 + source.length + 2, expression: { source } })
      }),
      { numRuns: 500 },
    )
  })

  it('read only names that their references list', () => {
    fc.assert(
      fc.property(term, (it) => {
        const parsed = parseExpression(write(it))
        if (!parsed.ok) throw new Error('does not parse')
        const roots = parsed.expression.references.map((reference) => reference.root)
        const listed = Object.fromEntries(Object.entries(scope).filter(([name]) => roots.includes(name)))
        expect(outcomeOver(parsed.expression, listed)).toEqual(outcomeOver(parsed.expression, scope))
      }),
      { numRuns: 500 },
    )
  })
})
