/** Inputs of a workflow (or of an approval): checks given values against their specs and fills defaults in. */
import { NonRetryableError } from '../domain/errors.ts'
import type { InputSpec } from '../domain/definition.ts'
import { nameOf } from '../documents/name-of.ts'
import { evaluateExpression } from '../expression/evaluate.ts'
import { ExpressionError } from '../expression/expression-error.ts'
import { parseExpression } from '../expression/parse.ts'
import { isObject, type Json, jsonEqual, type JsonObject } from '../std/json.ts'
import { suggest } from '../std/suggest.ts'

export interface InputProblem {
  name: string
  message: string
  hint?: string
}

export type CheckedInputs = { ok: true; inputs: JsonObject } | { ok: false; problems: InputProblem[] }

type Fault = Omit<InputProblem, 'name'>

/** Every declared input gets a value: the given one, its default, or null when it is optional. All problems at once. */
export function checkInputs(specs: Readonly<Record<string, InputSpec>>, given: JsonObject): CheckedInputs {
  const problems: InputProblem[] = []
  const inputs: JsonObject = {}
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(specs, name)) problems.push({ name, ...unknownInput(name, Object.keys(specs)) })
  }
  for (const [name, spec] of Object.entries(specs)) {
    const value = Object.hasOwn(given, name) ? (given[name] as Json) : null
    if (value === null) {
      if (spec.default !== undefined) inputs[name] = spec.default
      else if (spec.required) problems.push({ name, message: 'is required', hint: requiredHint(name, spec) })
      else inputs[name] = null
      continue
    }
    const fault = checkInput(spec, value)
    if (fault) problems.push({ name, ...fault })
    else inputs[name] = value
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, inputs }
}

function unknownInput(name: string, known: readonly string[]): Fault {
  const message = 'is not an input of this workflow'
  const near = suggest(name, known)
  if (near !== undefined) return { message, hint: `did you mean "${near}"?` }
  return { message, hint: known.length > 0 ? `it takes ${known.join(', ')}` : 'it takes no inputs' }
}

function requiredHint(name: string, spec: InputSpec): string {
  const value =
    { string: 'TEXT', file: 'PATH', files: 'FOLDER', array: "'[…]'", object: "'{…}'", boolean: 'true' }[
      spec.type as string
    ] ?? 'NUMBER'
  return `${spec.description === undefined ? '' : `${spec.description}; `}give it with -i ${name}=${value}`
}

/** What is wrong with one value, or undefined. Of a secret, it says only what is wanted. */
export function checkInput(spec: InputSpec, value: Json): Fault | undefined {
  const fault = faultOf(spec, value)
  return fault && spec.secret ? { message: fault.message.replace(/, but .*/s, '') } : fault
}

function faultOf(spec: InputSpec, value: Json): Fault | undefined {
  const type = typeFault(spec, value)
  if (type) return type
  if (spec.enum && !spec.enum.some((allowed) => jsonEqual(allowed, value))) {
    const near =
      typeof value === 'string'
        ? suggest(
            value,
            spec.enum.filter((item) => typeof item === 'string'),
          )
        : undefined
    const message = `must be one of ${spec.enum.map((item) => JSON.stringify(item)).join(', ')}`
    return near === undefined ? { message } : { message, hint: `did you mean ${JSON.stringify(near)}?` }
  }
  return boundsFault(spec, value) ?? patternFault(spec, value)
}

const articles: Record<InputSpec['type'], string> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  file: 'a path or a URL',
  files: 'a folder, a path or a list of paths',
}

function typeFault(spec: InputSpec, value: Json): Fault | undefined {
  if (isOfType(spec.type, value)) return undefined
  const message = `must be ${articles[spec.type]}, but is ${nameOf(value)}`
  if (typeof value === 'string' && isOfType(spec.type, parseInputFlag(spec, value))) {
    return { message, hint: `write ${value.trim()} without quotes` }
  }
  if (spec.type === 'string' && typeof value !== 'object') return { message, hint: `write "${value}" in quotes` }
  if (spec.type === 'array' || spec.type === 'object') return { message, hint: 'on the command line, write it as JSON' }
  return { message }
}

function isOfType(type: InputSpec['type'], value: Json): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string'
    case 'file':
      return typeof value === 'string' && value.trim() !== ''
    case 'files':
      return Array.isArray(value) ? value.every(namesFile) : namesFile(value)
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
    case 'integer':
      return Number.isSafeInteger(value)
    case 'boolean':
      return typeof value === 'boolean'
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
  }
}

/** A path, a URL, or what a workflow sees of a file that it was given. */
function namesFile(value: Json): boolean {
  const named = isObject(value) ? value['file'] : value
  return typeof named === 'string' && named.trim() !== ''
}

function boundsFault(spec: InputSpec, value: Json): Fault | undefined {
  const { min, max } = spec
  // how many files there are is known when their folder has been read
  if ((min === undefined && max === undefined) || spec.type === 'files') return undefined
  let size: number
  let unit = ''
  if (typeof value === 'number') size = value
  else if (typeof value === 'string') {
    size = [...value].length
    unit = ' characters'
  } else if (Array.isArray(value)) {
    size = value.length
    unit = ' items'
  } else return undefined
  const has = unit === '' ? `is ${size}` : `has ${size}`
  if (min !== undefined && size < min)
    return { message: `must ${unit === '' ? 'be' : 'have'} at least ${min}${unit}, but ${has}` }
  if (max !== undefined && size > max)
    return { message: `must ${unit === '' ? 'be' : 'have'} at most ${max}${unit}, but ${has}` }
  return undefined
}

function patternFault(spec: InputSpec, value: Json): Fault | undefined {
  if (spec.pattern === undefined || typeof value !== 'string') return undefined
  const matched = matchesPattern(spec.pattern, value)
  if (matched === true) return undefined
  return { message: matched === false ? `must match the pattern ${spec.pattern}` : matched.message }
}

/** Whether the pattern (re2 syntax) is found in the text, by the language's own `matches`; or why it can't be used. */
export function matchesPattern(pattern: string, text: string): boolean | { message: string } {
  const parsed = parseExpression('matches(text, pattern)')
  if (!parsed.ok) throw new NonRetryableError('internal', 'the expression of matchesPattern is broken')
  try {
    return evaluateExpression(parsed.expression, { text, pattern }, { now: 0 }) === true
  } catch (error) {
    if (error instanceof ExpressionError) return { message: error.message }
    throw error
  }
}

/** What `-i name=text` means, typed by the spec; text that does not fit stays a string, for `checkInputs` to complain of. */
export function parseInputFlag(spec: InputSpec | undefined, text: string): Json {
  const trimmed = text.trim()
  switch (spec?.type) {
    case 'number':
    case 'integer':
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) && Number.isFinite(Number(trimmed))
        ? Number(trimmed)
        : text
    case 'boolean':
      if (trimmed === 'true') return true
      return trimmed === 'false' ? false : text
    case 'array':
    case 'object':
      return parseJson(trimmed) ?? text
    case 'files':
      return trimmed.startsWith('[') ? (parseJson(trimmed) ?? text) : text
    default:
      return text
  }
}

function parseJson(text: string): Json | undefined {
  try {
    const value = JSON.parse(text, (key, inner: Json) => {
      if (key === '__proto__' || key === 'constructor' || key === 'prototype')
        throw new NonRetryableError('invalid_input', `the key ${key} is not allowed`)
      return inner
    }) as Json
    return typeof value === 'object' ? value : undefined
  } catch {
    return undefined
  }
}
