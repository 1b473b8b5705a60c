/** Random garbage: it becomes problems or plain values, never anything else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../std/json.ts'
import { checkExpression } from './check.ts'
import { evaluateExpression, ExpressionError } from './evaluate.ts'
import { parseEmbedded, parseExpression } from './parse.ts'

const scope: JsonObject = { a: 1, b: 'text', f: [1, { not: null }], s: { t: { $: true } } }

function plain(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0)
  if (typeof value !== 'object') return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === Array.prototype) && Object.values(value).every(plain)
}

describe('random garbage', () => {
  const pieces = fc.constantFrom(
    ...'a.b [0] ( ) [ ] { } , : ? ?. ?? ?: .. ... + - * / // ** % == != < <= > >= = => && || ! & | ~ ^ and or not in if else True None "s" \'t\' " \' ` \\ # @ $ _ __ __proto__ constructor len( map( f( 1 0.5 1e9 0x 1n 07 é 🙂 \ud800 \u2028 \u0000 ${ }} {{ /* */ <!-- --> lambda for new'.split(
      ' ',
    ),
    ' ',
    '\n',
  )
  const garbage = fc.oneof(
    fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join('')),
    fc.array(pieces, { maxLength: 30 }).map((parts) => parts.join(' ')),
    fc.string({ maxLength: 50, unit: 'binary' }),
  )

  it('gives problems with places inside the source, or plain values, and never throws anything else', () => {
    let accepted = 0
    fc.assert(
      fc.property(garbage, (source) => {
        const parsed = parseExpression(source)
        if (!parsed.ok) {
          expect(parsed.problems.length).toBeGreaterThan(0)
          for (const { start, end, message } of parsed.problems) {
            expect(message).not.toBe('')
            expect(start.offset).toBeGreaterThanOrEqual(0)
            expect(start.offset).toBeLessThanOrEqual(end.offset)
            expect(end.offset).toBeLessThanOrEqual(source.length)
          }
          return
        }
        accepted += 1
        checkExpression(parsed.expression, { names: {}, statusFunctions: false })
        try {
          expect(plain(evaluateExpression(parsed.expression, scope, { now: 0 }))).toBe(true)
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error
        }
      }),
      { numRuns: 5_000 },
    )
    expect(accepted).toBeGreaterThan(20)
  })

  it('is no danger inside text either', () => {
    fc.assert(
      fc.property(garbage, (source) => {
        const text = `\${{${source}}} tail`
        const outcome = parseEmbedded(text, 3)
        if (outcome.end !== undefined) expect(text.slice(outcome.end - 2, outcome.end)).toBe('}}')
      }),
      { numRuns: 2_000 },
    )
  })
})
