/** JSON Schema, the part of it that describes data plainly: what a schema may say is checked first, values then. */
import { compileLinear, type LinearRegex } from './linear-regex.ts'
import { isObject, type Json, jsonEqual, type JsonObject } from './json.ts'

type Keyword = (given: Json, at: string, root: JsonObject) => string[]

const types = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object']
const maxDepth = 64
const maxProblems = 10

// ── what a schema may say ──

/** What is wrong with a schema (unknown keywords included, which would be silently ignored otherwise); empty: nothing. */
export function checkJsonSchema(schema: Json): string[] {
  if (!isObject(schema)) return ['a schema is an object']
  return checkSchema(schema, '', schema)
}

function checkSchema(schema: Json, at: string, root: JsonObject): string[] {
  if (typeof schema === 'boolean') return []
  if (!isObject(schema)) return [`${at || 'the schema'} is neither an object nor a boolean`]
  const problems: string[] = []
  for (const [name, given] of Object.entries(schema)) {
    const place = at === '' ? name : `${at}.${name}`
    const keyword = Object.hasOwn(keywords, name) ? keywords[name] : undefined
    if (keyword) problems.push(...keyword(given, place, root))
    else if (!name.startsWith('x-')) problems.push(`${place} is not supported`)
  }
  return problems
}

const anything: Keyword = () => []
const aText: Keyword = (given, at) => (typeof given === 'string' ? [] : [`${at} is not a string`])
const aFlag: Keyword = (given, at) => (typeof given === 'boolean' ? [] : [`${at} is not true or false`])
const aNumber: Keyword = (given, at) => (typeof given === 'number' ? [] : [`${at} is not a number`])
const aCount: Keyword = (given, at) =>
  Number.isInteger(given) && Number(given) >= 0 ? [] : [`${at} is not a whole number`]
const aSchema: Keyword = (given, at, root) => checkSchema(given, at, root)
const schemas: Keyword = (given, at, root) => {
  if (!Array.isArray(given) || given.length === 0) return [`${at} is not a list of schemas`]
  return given.flatMap((each, index) => checkSchema(each, `${at}[${index}]`, root))
}
const namedSchemas: Keyword = (given, at, root) => {
  if (!isObject(given)) return [`${at} is not a mapping of schemas`]
  return Object.entries(given).flatMap(([name, each]) => checkSchema(each, `${at}.${name}`, root))
}
const names: Keyword = (given, at) =>
  Array.isArray(given) && given.every((name) => typeof name === 'string') ? [] : [`${at} is not a list of names`]

const keywords: Record<string, Keyword> = {
  $schema: aText,
  $id: aText,
  $comment: aText,
  title: aText,
  description: aText,
  default: anything,
  examples: anything,
  deprecated: aFlag,
  readOnly: aFlag,
  writeOnly: aFlag,
  $defs: namedSchemas,
  definitions: namedSchemas,
  $ref: (given, at, root) =>
    typeof given === 'string' && follow(given, root) !== undefined
      ? []
      : [`${at} does not lead to a part of this schema`],
  type: (given, at) => {
    const unknown = (Array.isArray(given) ? given : [given]).filter((type) => !types.includes(type as string))
    return unknown.map((type) => `${at} is ${JSON.stringify(type)}, not one of ${types.join(', ')}`)
  },
  enum: (given, at) => (Array.isArray(given) ? [] : [`${at} is not a list`]),
  const: anything,
  allOf: schemas,
  anyOf: schemas,
  oneOf: schemas,
  not: aSchema,
  properties: namedSchemas,
  required: names,
  additionalProperties: aSchema,
  minProperties: aCount,
  maxProperties: aCount,
  items: aSchema,
  prefixItems: schemas,
  minItems: aCount,
  maxItems: aCount,
  uniqueItems: aFlag,
  minLength: aCount,
  maxLength: aCount,
  pattern: (given, at) => {
    if (typeof given !== 'string') return [`${at} is not a string`]
    try {
      compiled(given)
      return []
    } catch (error) {
      return [`${at} is not a pattern in re2 syntax: ${(error as Error).message}`]
    }
  },
  format: (given, at) =>
    typeof given === 'string' && Object.hasOwn(formats, given)
      ? []
      : [`${at} is ${JSON.stringify(given)}, not one of ${Object.keys(formats).join(', ')}`],
  minimum: aNumber,
  maximum: aNumber,
  exclusiveMinimum: aNumber,
  exclusiveMaximum: aNumber,
  multipleOf: (given, at) => (typeof given === 'number' && given > 0 ? [] : [`${at} is not a positive number`]),
}

const formats: Record<string, (text: string) => boolean> = {
  'date-time': (text) =>
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text)),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)),
  time: (text) => /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d\d:\d\d)?$/i.test(text),
  email: (text) => /^[^\s@]{1,64}@[^\s@]{1,255}$/.test(text),
  uuid: (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text),
  uri: (text) => /^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(text),
}

const patterns = new Map<string, LinearRegex>()

/** Linear in time, whatever the pattern. */
function compiled(pattern: string): LinearRegex {
  let known = patterns.get(pattern)
  if (!known) {
    known = compileLinear(pattern)
    if (patterns.size >= 256) patterns.clear()
    patterns.set(pattern, known)
  }
  return known
}

/** The part of the root that `#/…` names. */
function follow(reference: string, root: JsonObject): Json | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined
  let part: Json | undefined = root
  for (const step of reference.split('/').slice(1)) {
    const name = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(part)) part = part[Number(name)]
    else if (isObject(part) && Object.hasOwn(part, name)) part = part[name]
    else return undefined
  }
  return part
}

// ── whether a value is what it says ──

/** How a value differs from a schema that `checkJsonSchema` found good; at most ten differences, empty: it fits. */
export function validateJson(schema: JsonObject, value: Json): string[] {
  return differences(schema, value, '', { root: schema, depth: 0 }).slice(0, maxProblems)
}

interface Walk {
  root: JsonObject
  depth: number
}

type Test = (given: Json, value: Json, at: string, walk: Walk, schema: JsonObject) => string[]

function differences(schema: Json, value: Json, at: string, walk: Walk): string[] {
  if (schema === true) return []
  if (schema === false) return [`${at || 'it'} is not allowed`]
  if (walk.depth > maxDepth) return [`${at || 'it'} is nested too deeply`]
  const deeper = { root: walk.root, depth: walk.depth + 1 }
  const found: string[] = []
  for (const [name, given] of Object.entries(schema as JsonObject)) {
    const test = Object.hasOwn(tests, name) ? tests[name] : undefined
    if (test) found.push(...test(given, value, at, deeper, schema as JsonObject))
    if (found.length >= maxProblems) break
  }
  return found
}

const fits = (schema: Json, value: Json, walk: Walk): boolean => differences(schema, value, '', walk).length === 0
const here = (at: string): string => at || 'it'
const inside = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`)
const says = (good: boolean, at: string, text: string): string[] => (good ? [] : [`${here(at)} ${text}`])

const forNumbers =
  (test: (value: number, limit: number) => boolean, words: string): Test =>
  (given, value, at) =>
    typeof value === 'number' ? says(test(value, given as number), at, `${words} ${given as number}`) : []

const forLength =
  (
    lengthOf: (value: Json) => number | undefined,
    test: (length: number, limit: number) => boolean,
    words: string,
  ): Test =>
  (given, value, at) => {
    const length = lengthOf(value)
    return length === undefined ? [] : says(test(length, given as number), at, `${words} ${given as number}`)
  }

const characters = (value: Json) => (typeof value === 'string' ? Array.from(value).length : undefined)
const itemCount = (value: Json) => (Array.isArray(value) ? value.length : undefined)
const fieldCount = (value: Json) => (isObject(value) ? Object.keys(value).length : undefined)
const atLeast = (a: number, b: number) => a >= b
const atMost = (a: number, b: number) => a <= b

const tests: Record<string, Test> = {
  $ref: (given, value, at, walk) => differences(follow(given as string, walk.root) ?? false, value, at, walk),
  type: (given, value, at) => {
    const allowed = (Array.isArray(given) ? given : [given]) as string[]
    return says(
      allowed.some((type) => isOfType(value, type)),
      at,
      `is ${typeOf(value)}, not ${allowed.join(' or ')}`,
    )
  },
  enum: (given, value, at) =>
    says(
      (given as Json[]).some((each) => jsonEqual(each, value)),
      at,
      `is not one of ${JSON.stringify(given)}`,
    ),
  const: (given, value, at) => says(jsonEqual(given, value), at, `is not ${JSON.stringify(given)}`),
  allOf: (given, value, at, walk) => (given as Json[]).flatMap((each) => differences(each, value, at, walk)),
  anyOf: (given, value, at, walk) =>
    says(
      (given as Json[]).some((each) => fits(each, value, walk)),
      at,
      'fits none of the allowed shapes',
    ),
  oneOf: (given, value, at, walk) => {
    const count = (given as Json[]).filter((each) => fits(each, value, walk)).length
    return says(count === 1, at, `fits ${count} of the allowed shapes, not one`)
  },
  not: (given, value, at, walk) => says(!fits(given, value, walk), at, 'is of a shape that is not allowed'),
  properties: (given, value, at, walk) => {
    if (!isObject(value)) return []
    return Object.entries(given as JsonObject).flatMap(([name, each]) =>
      Object.hasOwn(value, name) ? differences(each, value[name] as Json, inside(at, name), walk) : [],
    )
  },
  required: (given, value, at) => {
    if (!isObject(value)) return []
    return (given as string[])
      .filter((name) => !Object.hasOwn(value, name))
      .map((name) => `${inside(at, name)} is missing`)
  },
  additionalProperties: (given, value, at, walk, schema) => {
    if (!isObject(value)) return []
    const known = isObject(schema['properties']) ? schema['properties'] : {}
    return Object.keys(value)
      .filter((name) => !Object.hasOwn(known, name))
      .flatMap((name) => differences(given, value[name] as Json, inside(at, name), walk))
  },
  minProperties: forLength(fieldCount, atLeast, 'has fewer fields than'),
  maxProperties: forLength(fieldCount, atMost, 'has more fields than'),
  items: (given, value, at, walk, schema) => {
    if (!Array.isArray(value)) return []
    const from = Array.isArray(schema['prefixItems']) ? schema['prefixItems'].length : 0
    return value.slice(from).flatMap((each, index) => differences(given, each, `${at}[${from + index}]`, walk))
  },
  prefixItems: (given, value, at, walk) => {
    if (!Array.isArray(value)) return []
    return value
      .slice(0, (given as Json[]).length)
      .flatMap((each, index) => differences((given as Json[])[index] as Json, each, `${at}[${index}]`, walk))
  },
  minItems: forLength(itemCount, atLeast, 'has fewer items than'),
  maxItems: forLength(itemCount, atMost, 'has more items than'),
  uniqueItems: (given, value, at) => {
    if (given !== true || !Array.isArray(value)) return []
    const twice = value.some((each, index) => value.slice(0, index).some((before) => jsonEqual(before, each)))
    return says(!twice, at, 'holds an item twice')
  },
  minLength: forLength(characters, atLeast, 'is shorter than'),
  maxLength: forLength(characters, atMost, 'is longer than'),
  pattern: (given, value, at) =>
    typeof value === 'string'
      ? says(
          compiled(given as string)
            .matcher(value)
            .find(),
          at,
          `does not match ${given as string}`,
        )
      : [],
  format: (given, value, at) =>
    typeof value === 'string' ? says(formats[given as string]?.(value) ?? true, at, `is no ${given as string}`) : [],
  minimum: forNumbers(atLeast, 'is less than'),
  maximum: forNumbers(atMost, 'is more than'),
  exclusiveMinimum: forNumbers((a, b) => a > b, 'is not more than'),
  exclusiveMaximum: forNumbers((a, b) => a < b, 'is not less than'),
  multipleOf: forNumbers((a, b) => Math.abs(a / b - Math.round(a / b)) < 1e-9, 'is not a multiple of'),
}

function typeOf(value: Json): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function isOfType(value: Json, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value)
  return typeOf(value) === type
}
