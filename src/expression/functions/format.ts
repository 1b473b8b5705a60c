/** The placeholders of `format()`. */
import type { Json } from '../../std/json.ts'
import { type Budget, reserveText, spendText } from '../budget.ts'
import { Fault } from '../fault.ts'
import { toText } from '../json-text.ts'
import { describe } from '../values.ts'
import { roundTo } from './rounding.ts'

/** `{{`, `}}`, a placeholder (number, decimals), or a brace that is none. */
const piece = /\{\{|\}\}|\{(\d{0,4})(?::\.(\d{1,2})f)?\}|[{}]/g

export function formatText(template: string, values: readonly Json[], budget: Budget): string {
  spendText(budget, template.length)
  const parts: string[] = []
  let length = 0
  let next = 0
  const add = (part: string): void => {
    length += part.length
    if (length > budget.limits.stringLength) reserveText(budget, length)
    parts.push(part)
  }
  let from = 0
  for (const found of template.matchAll(piece)) {
    add(template.slice(from, found.index))
    from = found.index + found[0].length
    if (found[0] === '{{' || found[0] === '}}') add(found[0].slice(1))
    else if (found[1] === undefined) throw badBrace(template, found.index)
    else {
      const at = found[1] === '' ? next : Number(found[1])
      if (found[1] === '') next += 1
      const value = values[at]
      if (value === undefined) {
        throw new Fault(
          'wrong_arity',
          `format has ${values.length} values, but its text asks for number ${at} (from 0)`,
        )
      }
      add(textOf(value, found[2], budget))
    }
  }
  add(template.slice(from))
  reserveText(budget, length)
  return parts.join('')
}

function textOf(value: Json, decimals: string | undefined, budget: Budget): string {
  if (decimals === undefined) return toText(value, budget)
  if (typeof value !== 'number')
    throw new Fault('wrong_type', `{:.${decimals}f} shows a number, not ${describe(value)}`)
  return roundTo(value, Math.min(Number(decimals), 20)).toFixed(Number(decimals))
}

function badBrace(template: string, at: number): Fault {
  return new Fault(
    'bad_format',
    `format does not know ${JSON.stringify(template.slice(at, at + 12))}`,
    'placeholders are {}, {0} and {:.2f}; a brace itself is written {{ or }}',
  )
}
