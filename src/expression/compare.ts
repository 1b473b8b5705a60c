/** Equality, order and membership of values. */
import type { Json, JsonObject } from '../std/json.ts'
import { type Budget, spend, spendText } from './budget.ts'
import { Fault } from './fault.ts'
import { compareText, findText } from './text.ts'
import { describe, kindOf } from './values.ts'

/** Structural, without conversion: numbers and booleans are never equal, the order of keys does not matter. */
export function equal(a: Json, b: Json, budget: Budget, depth = 0): boolean {
  spend(budget, 1)
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    if (typeof a === 'string' && typeof b === 'string' && a.length === b.length) spendText(budget, a.length)
    return a === b
  }
  if (a === b) return true
  if (depth > budget.limits.valueDepth) throw tooDeepValue(budget)
  if (Array.isArray(a)) {
    return (
      Array.isArray(b) && a.length === b.length && a.every((item, at) => equal(item, b[at] as Json, budget, depth + 1))
    )
  }
  return !Array.isArray(b) && equalObjects(a, b, budget, depth)
}

function equalObjects(a: JsonObject, b: JsonObject, budget: Budget, depth: number): boolean {
  const keys = Object.keys(a)
  spend(budget, keys.length)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => Object.hasOwn(b, key) && equal(a[key] as Json, b[key] as Json, budget, depth + 1))
}

export function tooDeepValue(budget: Budget): Fault {
  return new Fault('too_deep', `the value is nested more than ${budget.limits.valueDepth} levels deep`)
}

/** Negative, 0 or positive; both must be numbers or both strings. `what` names the operation for the message. */
export function order(a: Json, b: Json, budget: Budget, what: string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b, budget)
  throw new Fault(
    'wrong_type',
    `${what} two numbers or two strings, not ${describe(a)} and ${describe(b)}`,
    orderHint(a, b),
  )
}

function orderHint(a: Json, b: Json): string | undefined {
  const kinds = [kindOf(a), kindOf(b)]
  if (kinds.includes('null')) return 'a default for null is written (x ?? 0)'
  if (kinds.includes('number') && kinds.includes('string')) return 'convert one of them: float(text) or str(number)'
  if (kinds.includes('number') && (kinds.includes('array') || kinds.includes('object')))
    return 'to compare its length write len(x)'
  return undefined
}

/** Membership in a list, a substring of a string, a key of an object. */
export function isIn(item: Json, container: Json, budget: Budget): boolean {
  if (Array.isArray(container)) return container.some((member) => equal(member, item, budget))
  if (typeof container === 'string') {
    if (typeof item !== 'string') {
      throw new Fault(
        'wrong_type',
        `only a string can be in a string, not ${describe(item)}`,
        'convert it: str(x) in text',
      )
    }
    return findText(container, item, 0, budget) !== -1
  }
  if (typeof container === 'object' && container !== null)
    return typeof item === 'string' && Object.hasOwn(container, item)
  throw new Fault('wrong_type', `\`in\` wants a list, a string or an object on its right, not ${describe(container)}`)
}
