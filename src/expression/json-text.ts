/** Values to text and text to values, measured without recursion before anything is built. */
import type { Json } from '../std/json.ts'
import { type Budget, reserveText, spend, spendText } from './budget.ts'
import { tooDeepValue } from './compare.ts'
import { Fault } from './fault.ts'

/** Compact JSON, keys in the order they have. */
export function toJsonText(value: Json, budget: Budget): string {
  reserveText(budget, measure(value, budget, budget.limits.stringLength))
  const text = JSON.stringify(value)
  if (text.length > budget.limits.stringLength) reserveText(budget, text.length)
  return text
}

/** As it stands in text: strings as they are, everything else as compact JSON. */
export function toText(value: Json, budget: Budget): string {
  return typeof value === 'string' ? value : toJsonText(value, budget)
}

export function fromJsonText(text: string, budget: Budget): Json {
  spendText(budget, text.length * 5)
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (error) {
    const hint = text.trimStart().startsWith('```') ? 'it is wrapped in a Markdown fence; cut that off first' : undefined
    throw new Fault('invalid_json', `this text is no JSON: ${(error as Error).message}`, hint)
  }
  measure(value, budget, Number.POSITIVE_INFINITY)
  return value
}

/**
 * About the number of characters of the value's JSON text; stops counting beyond `most`. Fails when the value is too deep, too
 * large for the budget, or holds a key `__proto__`, which would become a prototype wherever it is copied carelessly.
 */
export function measure(value: Json, budget: Budget, most: number): number {
  const levels: Json[][] = [[value]]
  let size = 0
  while (levels.length > 0) {
    const level = levels.at(-1) as Json[]
    if (level.length === 0) {
      levels.pop()
      continue
    }
    const next = level.pop() as Json
    spend(budget, 1)
    size += sizeOf(next)
    if (size > most) return size
    if (typeof next === 'object' && next !== null) {
      if (levels.length > budget.limits.valueDepth) throw tooDeepValue(budget)
      spend(budget, sizeOf(next))
      levels.push(Array.isArray(next) ? next.slice() : valuesOf(next, budget))
    }
  }
  return size
}

function sizeOf(value: Json): number {
  if (typeof value === 'string') return value.length + 2
  if (Array.isArray(value)) return value.length + 1
  if (typeof value === 'object' && value !== null) {
    let size = 1
    for (const key in value) size += key.length + 4
    return size
  }
  return String(value).length
}

function valuesOf(object: { [key: string]: Json }, budget: Budget): Json[] {
  if (Object.hasOwn(object, '__proto__')) {
    throw new Fault('refused_name', 'the value holds a key `__proto__`, which is never read or written')
  }
  const values = Object.values(object)
  spend(budget, values.length)
  return values
}
