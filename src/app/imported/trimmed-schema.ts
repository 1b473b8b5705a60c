/** The input schema of a model without its noise: what checks a value or tells a person what it is for. */
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { checkJsonSchema } from '../../std/json-schema.ts'
import { plainLine } from './plain-line.ts'

const kept = [
  'type',
  'format',
  'enum',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'default',
] as const

const longestDescription = 300
/** Values of an enum, fields of an object, members of an `anyOf`. */
const mostParts = 200
/** Characters, as JSON. */
const longestDefault = 2_000
const deepest = 6
/** Of all fields together, those of fields included. */
const mostFields = 400

/** As `readYaml` refuses them. */
const unusable: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor'])

/** Gives a schema that `checkJsonSchema` finds good, with fields in the order that the model shows them in. */
export function trimmedSchema(schema: JsonObject): JsonObject {
  return trimmed(schema, 0, { fields: mostFields })
}

interface Room {
  fields: number
}

function trimmed(schema: JsonObject, depth: number, room: Room): JsonObject {
  const lean = plainKeywords(schema)
  if (depth >= deepest) return lean
  const inner = (part: JsonObject) => trimmed(part, depth + 1, room)
  const { items, properties, required } = schema
  if (isObject(items)) lean['items'] = inner(items)
  for (const keyword of ['anyOf', 'oneOf']) {
    const members = schema[keyword]
    if (Array.isArray(members) && members.length > 0 && members.length <= mostParts && members.every(isObject))
      lean[keyword] = members.map((each) => inner(each as JsonObject))
  }
  if (isObject(properties)) Object.assign(lean, fieldsOf(properties, required, depth, room))
  return lean
}

/** All but those that hold schemas. */
function plainKeywords(schema: JsonObject): JsonObject {
  const lean: JsonObject = {}
  for (const keyword of kept) {
    const given = schema[keyword]
    if (given !== undefined && isGood(keyword, given)) lean[keyword] = given
  }
  if (schema['nullable'] === true && typeof lean['type'] === 'string') lean['type'] = [lean['type'], 'null']
  const { description } = schema
  const text = typeof description === 'string' ? plainLine(description, longestDescription) : ''
  if (text !== '') lean['description'] = text
  return lean
}

function fieldsOf(properties: JsonObject, required: Json | undefined, depth: number, room: Room): JsonObject {
  const needed = new Set(Array.isArray(required) ? required : [])
  const usable = Object.entries(properties)
    .filter((entry): entry is [string, JsonObject] => isObject(entry[1]) && isUsable(entry[0]))
    // What a call can't do without must not be cut off.
    .sort(([a, one], [b, other]) => Number(needed.has(b)) - Number(needed.has(a)) || orderOf(one) - orderOf(other))
    .slice(0, Math.min(mostParts, room.fields))
  room.fields -= usable.length
  const names = usable.map(([name]) => name).filter((name) => needed.has(name))
  return {
    ...(names.length > 0 && { required: names }),
    properties: Object.fromEntries(usable.map(([name, field]) => [name, trimmed(field, depth + 1, room)])),
  }
}

function orderOf(field: JsonObject): number {
  const order = field['x-order']
  return typeof order === 'number' ? order : Number.MAX_SAFE_INTEGER
}

function isUsable(name: string): boolean {
  return name.length <= 100 && !unusable.has(name) && !/\p{Cc}/u.test(name)
}

function isGood(keyword: (typeof kept)[number], given: Json): boolean {
  if (keyword === 'default') return given !== null && JSON.stringify(given).length <= longestDefault
  if (keyword === 'enum' && Array.isArray(given) && (given.length > mostParts || given.length === 0)) return false
  return checkJsonSchema({ [keyword]: given }).length === 0
}
