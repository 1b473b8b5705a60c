/** Types of values as the checker knows them: small structural descriptions, `any` where nothing is certain. */
import type { Json } from '../std/json.ts'
import { kindOf, type Kind, nameOfKind } from './values.ts'

export type ValueType =
  | { kind: 'any' }
  | { kind: 'null' }
  | { kind: 'boolean' }
  | { kind: 'number' }
  | { kind: 'string' }
  | { kind: 'array'; items: ValueType }
  /** `open`: fields that are not listed are allowed, of any type. */
  | { kind: 'object'; fields: Record<string, ValueType>; open: boolean }

export const anyType: ValueType = { kind: 'any' }
export const nullType: ValueType = { kind: 'null' }
export const booleanType: ValueType = { kind: 'boolean' }
export const numberType: ValueType = { kind: 'number' }
export const stringType: ValueType = { kind: 'string' }
export const anyObject: ValueType = { kind: 'object', fields: {}, open: true }

export function listOf(items: ValueType): ValueType {
  return { kind: 'array', items }
}

/** The type that both fit: theirs when they agree in kind, else `any`. */
export function join(a: ValueType, b: ValueType): ValueType {
  if (a === b) return a
  if (a.kind !== b.kind) return anyType
  if (a.kind === 'array' && b.kind === 'array') return listOf(join(a.items, b.items))
  if (a.kind === 'object') return anyObject
  return a
}

export function joinAll(types: readonly ValueType[]): ValueType {
  const [first, ...rest] = types
  return first ? rest.reduce(join, first) : anyType
}

/** What a literal value is. */
export function typeOfLiteral(value: Json): ValueType {
  const kind = kindOf(value)
  if (kind === 'array') return listOf(anyType)
  return kind === 'object' ? anyObject : { kind }
}

/** For messages: `a number`, `a list`. */
export function nameOfType(type: ValueType): string {
  return type.kind === 'any' ? 'anything' : nameOfKind(type.kind)
}

/** Whether a value of this type is certainly of none of these kinds. */
export function isNever(type: ValueType, kinds: readonly Kind[]): boolean {
  return type.kind !== 'any' && !kinds.includes(type.kind)
}
