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
  spendText(budget, text.length * 10)
  if (nestingOf(text) > budget.limits.valueDepth) throw tooDeepValue(budget)
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (error) {
    const hint = text.trimStart().startsWith('```')
      ? 'it is wrapped in a Markdown fence; cut that off first'
      : undefined
    throw new Fault('invalid_json', `this text is no JSON: ${(error as Error).message}`, hint)
  }
  measure(value, budget, Number.POSITIVE_INFINITY)
  return value
}

/** How deep the brackets of a JSON text are nested, leaving out those inside strings. */
function nestingOf(text: string): number {
  let deepest = 0
  let depth = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (unit === 34) inString = !inString
    else if (inString) at += unit === 92 ? 1 : 0
    else if (unit === 91 || unit === 123) deepest = Math.max(deepest, (depth += 1))
    else if (unit === 93 || unit === 125) depth -= 1
  }
  return deepest
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
      const children = Array.isArray(next) ? next.slice() : valuesOf(next)
      spend(budget, children.length)
      levels.push(children)
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

function valuesOf(object: { [key: string]: Json }): Json[] {
  if (Object.hasOwn(object, '__proto__')) {
    throw new Fault('refused_name', 'the value holds a key `__proto__`, which is never read or written')
  }
  return Object.values(object)
}
