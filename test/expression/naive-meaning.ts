/** What a term means, written as naively as possible and without a line of the implementation. */
import type { Json, JsonObject } from '../../src/std/json.ts'
import { look, scope, type Term, type TermTable } from './random-term.ts'

export class Failed extends Error {}
const gone: unique symbol = Symbol('gone')

function fail(): never {
  throw new Failed()
}

function isTrue(value: Json): boolean {
  if (Array.isArray(value) || typeof value === 'string') return value.length > 0
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value)
}

function same(left: Json, right: Json): boolean {
  const sorted = (_key: string, part: Json) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))
      : part
  return (
    typeof left === typeof right &&
    Array.isArray(left) === Array.isArray(right) &&
    JSON.stringify(left, sorted) === JSON.stringify(right, sorted)
  )
}

function isWithin(item: Json, container: Json): boolean {
  if (typeof container === 'string') return typeof item === 'string' ? container.includes(item) : fail()
  if (Array.isArray(container)) return container.some((member) => same(member, item))
  if (typeof container === 'object' && container !== null)
    return typeof item === 'string' && Object.keys(container).includes(item)
  return fail()
}

function compares(operator: string, left: Json, right: Json): boolean {
  if (operator === '==') return same(left, right)
  if (operator === '!=') return !same(left, right)
  if (operator === 'in') return isWithin(left, right)
  if (operator === 'not in') return !isWithin(left, right)
  const comparable = typeof left === typeof right && (typeof left === 'number' || typeof left === 'string')
  if (!comparable) return fail()
  const [l, r] = [left as number, right as number]
  return { '<': l < r, '<=': l <= r, '>': l > r, '>=': l >= r }[operator] as boolean
}

function calculates(operator: string, left: Json, right: Json): Json {
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') return left + right
  if (operator === '+' && Array.isArray(left) && Array.isArray(right)) return left.concat(right)
  if (typeof left !== 'number' || typeof right !== 'number') return fail()
  if (operator === '**' && Math.abs(right) > 10_000) return fail()
  const rest = left % right
  const remainder = rest * right < 0 ? rest + right : rest
  const result = {
    '+': left + right,
    '-': left - right,
    '*': left * right,
    '/': left / right,
    '//': Math.round((left - remainder) / right),
    '%': remainder,
    '**': left ** right,
  }[operator] as number
  return Number.isFinite(result) ? result + 0 : fail()
}

function field(value: Json, name: string): Json | undefined {
  return hasFields(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function hasFields(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What was found; or, where nothing was, the mark for it if that is no error. */
function found(value: Json | undefined, lenient: boolean): Json | typeof gone {
  if (value !== undefined) return value
  return lenient ? gone : fail()
}

/** `lenient`: left of `??` and in `defined()`. */
function reads(it: Term, lenient: boolean): Json | typeof gone {
  if (it.is === 'name') return found(field(scope, it.name), lenient)
  if (it.is !== 'field' && it.is !== 'index') return means(it)
  const object = reads(it.object, lenient)
  if (object === gone) return gone
  if (it.is === 'index') return found(element(object, means(it.index)), lenient)
  const optional = it.optional && (object === null || hasFields(object))
  return found(field(object, it.name), lenient || optional)
}

/** Undefined when there is none. */
function element(object: Json, index: Json): Json | undefined {
  if (typeof index === 'string') return field(object, index)
  if (typeof index !== 'number' || (typeof object !== 'string' && !Array.isArray(object))) return undefined
  return Number.isInteger(index) ? object.at(index) : fail()
}

export function means(it: Term): Json {
  return look(meanings, it)
}

function meansRead(it: Term): Json {
  const value = reads(it, false)
  return value === gone ? null : value
}

const meanings: TermTable<Json> = {
  literal: (it) => it.value,
  name: meansRead,
  field: meansRead,
  index: meansRead,
  list: (it) => it.items.map(means),
  object: (it) => Object.fromEntries(it.entries.map(([key, value]) => [key, means(value)])),
  minus(it) {
    const value = means(it.operand)
    return typeof value === 'number' ? 0 - value : fail()
  },
  not: (it) => !isTrue(means(it.operand)),
  binary: (it) => calculates(it.operator, means(it.left), means(it.right)),
  chain(it) {
    let left = means(it.operands[0] as Term)
    for (const [at, operator] of it.operators.entries()) {
      const right = means(it.operands[at + 1] as Term)
      if (!compares(operator, left, right)) return false
      left = right
    }
    return true
  },
  logic: (it) => (isTrue(means(it.left)) === (it.operator === 'and') ? isTrue(means(it.right)) : it.operator === 'or'),
  default(it) {
    const value = reads(it.left, true)
    return value === gone || value === null ? means(it.right) : value
  },
  choice: (it) => means(isTrue(means(it.test)) ? it.yes : it.no),
  len(it) {
    const value = means(it.argument)
    if (typeof value !== 'object' && typeof value !== 'string') return fail()
    return value === null ? fail() : Object.keys(value).length
  },
  defined: (it) => reads(it.argument, true) !== gone,
}
