/** Reading fields, elements and slices: own data only, never a method, never what is inherited. */
import type { Json, JsonObject } from '../std/json.ts'
import { type Budget, reserveList } from './budget.ts'
import { Fault } from './fault.ts'
import { isForbiddenKey } from './names.ts'
import { nearest } from './nearest.ts'
import { quoted, quotedList } from './quoted.ts'
import { lengthOfText, sliceOfText } from './text.ts'
import { describe } from './values.ts'

/** Stands for what is not there, where that is no error. */
export const missing: unique symbol = Symbol('missing')
export type Missing = typeof missing

/**
 * How strictly a link of a chain reads: `strict` fails when it is not there; `optional` (`?.`) does not when the
 * object is null or lacks it; `lenient` (left of `??`, in `defined()`, …) also not when it could have none.
 */
export type Strictness = 'strict' | 'optional' | 'lenient'

export function readField(object: Json, name: string, strictness: Strictness): Json | Missing {
  if (isForbiddenKey(name)) {
    throw new Fault('refused_name', `\`${name}\` is never read, so that no expression can leave its data`)
  }
  if (typeof object === 'object' && object !== null && !Array.isArray(object)) {
    if (Object.hasOwn(object, name)) return object[name] as Json
    if (strictness !== 'strict') return missing
    throw missingField(object, name)
  }
  if (strictness === 'lenient' || (strictness === 'optional' && object === null)) return missing
  if (object === null) throw new Fault('null_value', `null has no field ${quoted(name)}`, nullHint(name))
  throw new Fault('wrong_type', `${describe(object)} has no field ${quoted(name)}`, fieldHint(object, name))
}

function nullHint(name: string): string {
  const field = name.length > 60 ? 'field' : name
  return `if it may be null, write x?.${field} or (x.${field} ?? default)`
}

function fieldHint(object: Json, name: string): string | undefined {
  if ((name === 'length' || name === 'size' || name === 'count') && typeof object !== 'number') return 'write len(x)'
  if (Array.isArray(object)) return `one element is x[0].${name}; that field of all is map(x, "${name}")`
  if (typeof object === 'string' && /^\s*[[{]/.test(object)) return `if this is JSON text, write parse_json(x).${name}`
  return undefined
}

function missingField(object: JsonObject, name: string): Fault {
  const keys = Object.keys(object)
  const near = nearest(name, keys)
  const list = keys.length === 0 ? 'it is empty' : `it has ${quotedList(keys)}`
  const hint =
    near === undefined ? 'if it may be missing, write x?.field or (x.field ?? default)' : `did you mean \`${near}\`?`
  return new Fault('missing_field', `there is no field ${quoted(name)} (${list})`, hint)
}

/** `object[index]`: an element of a list, a character of a string, a field of an object; negative from the end. */
export function readIndex(object: Json, index: Json, strictness: Strictness, budget: Budget): Json | Missing {
  const sequence = Array.isArray(object) || typeof object === 'string'
  if (typeof index === 'string' && (!sequence || isForbiddenKey(index))) return readField(object, index, strictness)
  if (sequence && typeof index === 'number') return readElement(object, index, strictness, budget)
  if (strictness === 'lenient' || (strictness === 'optional' && object === null)) return missing
  if (object === null) {
    throw new Fault('null_value', 'null has no elements', 'if it may be null, write x?.[0] or (x[0] ?? default)')
  }
  throw wrongIndex(object, index)
}

function readElement(object: string | Json[], index: number, strictness: Strictness, budget: Budget): Json | Missing {
  if (!Number.isInteger(index)) {
    throw new Fault('wrong_type', `an index is a whole number, not ${index}`, 'round it first: x[floor(i)]')
  }
  const length = typeof object === 'string' ? lengthOfText(object, budget) : object.length
  const at = index < 0 ? index + length : index
  if (at >= 0 && at < length) {
    return typeof object === 'string' ? sliceOfText(object, at, at + 1, budget) : (object[at] as Json)
  }
  if (strictness !== 'strict') return missing
  const hint = `the last is [${length - 1}] or [-1]; if it may be missing, write (x[${index}] ?? default)`
  throw new Fault(
    'out_of_range',
    `there is no element ${index} in ${describe(object)}`,
    length === 0 ? 'it is empty' : hint,
  )
}

function wrongIndex(object: Json, index: Json): Fault {
  if (Array.isArray(object) || typeof object === 'string') {
    const hint =
      typeof index === 'string' ? `that field of all elements is map(x, ${JSON.stringify(index)})` : undefined
    return new Fault('wrong_type', `the index of ${describe(object)} is a number, not ${describe(index)}`, hint)
  }
  if (typeof object === 'object')
    return new Fault('wrong_type', `the key of an object is a string, not ${describe(index)}`)
  return new Fault('wrong_type', `${describe(object)} has no elements`)
}

/** `object[from:to]`; bounds beyond the ends are cut to them, as in Python. */
export function readSlice(object: Json, from: Json | undefined, to: Json | undefined, budget: Budget): Json {
  if (typeof object !== 'string' && !Array.isArray(object)) {
    throw new Fault('wrong_type', `only lists and strings have slices, not ${describe(object)}`)
  }
  const length = typeof object === 'string' ? lengthOfText(object, budget) : object.length
  const start = bound(from ?? 0, length)
  const end = bound(to ?? length, length)
  if (typeof object === 'string') return sliceOfText(object, start, end, budget)
  reserveList(budget, Math.max(0, end - start))
  return object.slice(start, end)
}

function bound(value: Json, length: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new Fault('wrong_type', `the ends of a slice are whole numbers, not ${describe(value)}`)
  }
  return Math.min(Math.max(value < 0 ? value + length : value, 0), length)
}
