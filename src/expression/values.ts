/** What kinds of values there are, how messages name them, and which of them count as true. */
import type { Json, JsonObject } from '../std/json.ts'

export type Kind = 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'

export function kindOf(value: Json): Kind {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value as 'boolean' | 'number' | 'string' | 'object'
}

const kindNames: Record<Kind, string> = {
  null: 'null',
  boolean: 'a boolean',
  number: 'a number',
  string: 'a string',
  array: 'a list',
  object: 'an object',
}

export function nameOfKind(kind: Kind): string {
  return kindNames[kind]
}

/** `null`, `a number (3)`, `a string ("abc")`, `a list of 3`, `an object`. */
export function describe(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'string')
    return `a string (${JSON.stringify(value.length > 30 ? `${value.slice(0, 30)}…` : value)})`
  return `a ${typeof value} (${value})`
}

/** Empty strings, lists and objects, 0, null and false are false; everything else is true. */
export function truthy(value: Json): boolean {
  if (typeof value === 'string' || Array.isArray(value)) return value.length > 0
  if (typeof value === 'object' && value !== null) return !isEmpty(value)
  return Boolean(value)
}

function isEmpty(value: JsonObject): boolean {
  for (const key in value) if (Object.hasOwn(value, key)) return false
  return true
}
