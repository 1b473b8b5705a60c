/** Checks what was sent against a model's fields, the way Replicate's 422 reports it, and fills in defaults. */
import type { Json, JsonObject } from '../../std/json.ts'
import { suggest } from '../../std/suggest.ts'
import type { Field, Fields } from './fields.ts'

export interface InvalidField {
  type: string
  field: string
  description: string
}

/** `at` is what the fields are called by in the report; empty for those of the body itself. */
export function invalidFields(fields: Fields, input: JsonObject, at = 'input'): InvalidField[] {
  const invalid: InvalidField[] = []
  for (const [name, field] of Object.entries(fields)) {
    const value = input[name]
    if (value === undefined || value === null) {
      if (field.required) invalid.push({ type: 'required', field: at, description: `${name} is required` })
      continue
    }
    const wrong = wrongValue(field, value)
    if (wrong) invalid.push({ ...wrong, field: at === '' ? name : `${at}.${name}` })
  }
  return invalid
}

/** The input as the model sees it: known fields only, defaults filled in. */
export function withDefaults(fields: Fields, input: JsonObject): JsonObject {
  const filled: JsonObject = {}
  for (const [name, field] of Object.entries(fields)) filled[name] = input[name] ?? field.default ?? null
  return filled
}

/** One line for each field that the model does not have; Replicate ignores them, and so do we, but we say so. */
export function ignoredFields(fields: Fields, input: JsonObject): string[] {
  return Object.keys(input)
    .filter((name) => !Object.hasOwn(fields, name))
    .map((name) => {
      const near = suggest(name, Object.keys(fields))
      return `Ignored unknown input: ${name}${near ? ` (did you mean ${near}?)` : ''}`
    })
}

function wrongValue(field: Field, value: Json): Omit<InvalidField, 'field'> | undefined {
  if (!hasType(field.type, value)) {
    return { type: 'invalid_type', description: `Invalid type. Expected: ${field.type}, given: ${nameOfType(value)}` }
  }
  if (field.choices && !field.choices.includes(value as string | number)) {
    const listed = field.choices.map((choice) => JSON.stringify(choice)).join(', ')
    return { type: 'enum', description: `Must be one of the following: ${listed}` }
  }
  if (typeof value === 'number' && field.min !== undefined && value < field.min) {
    return { type: 'number_gte', description: `Must be greater than or equal to ${field.min}` }
  }
  if (typeof value === 'number' && field.max !== undefined && value > field.max) {
    return { type: 'number_lte', description: `Must be less than or equal to ${field.max}` }
  }
  const links = field.file ? (Array.isArray(value) ? value : [value]) : []
  if (links.some((link) => typeof link !== 'string' || !/^(https?:\/\/|data:)/.test(link))) {
    return { type: 'format', description: "Does not match format 'uri'" }
  }
  return undefined
}

function hasType(type: Field['type'], value: Json): boolean {
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  return typeof value === type
}

function nameOfType(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
