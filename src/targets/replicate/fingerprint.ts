/** A hash of what a version takes and gives: equal for versions that can stand for each other, whatever their prose says. */
import { hashJson } from '../../std/hash.ts'
import { canonicalJson, isObject, type Json, type JsonObject } from '../../std/json.ts'

/** What is only for people: words, and the order in which fields are shown. */
const prose: ReadonlySet<string> = new Set(['title', 'description', 'example', 'examples', 'x-order'])
/** Their values are data, which means what it says. */
const data: ReadonlySet<string> = new Set(['default', 'const'])
/** Names to schemas: a field may be called `title`. */
const named: ReadonlySet<string> = new Set(['properties', 'patternProperties', '$defs', 'definitions'])
/** Lists whose order means nothing. */
const sets: ReadonlySet<string> = new Set(['required', 'enum'])

/** 64 hex digits; undefined when neither schema is known. */
export function fingerprintOf(schemas: { input_schema?: JsonObject; output_schema?: JsonObject }): string | undefined {
  const { input_schema: input, output_schema: output } = schemas
  if (!input && !output) return undefined
  return hashJson({ input: bare(input ?? null), output: bare(output ?? null) })
}

/** What of a schema a call can notice. */
export function withoutProse(schema: JsonObject): JsonObject {
  return bare(schema) as JsonObject
}

function bare(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(bare)
  if (!isObject(schema)) return schema
  const kept = Object.entries(schema).filter(([key]) => !prose.has(key))
  return Object.fromEntries(kept.map(([key, value]) => [key, bareField(key, value)]))
}

function bareField(key: string, value: Json): Json {
  if (data.has(key)) return value
  if (sets.has(key) && Array.isArray(value)) return value.toSorted(byText)
  if (!named.has(key) || !isObject(value)) return bare(value)
  return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, bare(schema)]))
}

function byText(a: Json, b: Json): number {
  const [first, second] = [canonicalJson(a), canonicalJson(b)]
  return first < second ? -1 : first === second ? 0 : 1
}
