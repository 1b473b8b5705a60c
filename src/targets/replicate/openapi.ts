/** Takes a schema out of a model's OpenAPI document, with what it refers to put in place. */
import { isObject, type Json, type JsonObject } from '../../std/json.ts'

const maxDepth = 32

/** The component of that name; undefined when there is none. What refers to itself ends as `{}`. */
export function dereferenced(document: Json | undefined, name: string): JsonObject | undefined {
  const schemas = pathOf(document, ['components', 'schemas'])
  if (!isObject(schemas) || !isObject(schemas[name])) return undefined
  return resolved(schemas[name], schemas, [name]) as JsonObject
}

function pathOf(value: Json | undefined, path: readonly string[]): Json | undefined {
  let at: Json | undefined = value
  for (const key of path) at = isObject(at) ? at[key] : undefined
  return at
}

function resolved(value: Json, schemas: JsonObject, trail: readonly string[]): Json {
  if (trail.length > maxDepth) return {}
  if (Array.isArray(value)) return value.map((each) => resolved(each, schemas, trail))
  if (!isObject(value)) return value
  const { $ref, ...rest } = value
  const own = Object.fromEntries(Object.entries(rest).map(([key, each]) => [key, resolved(each, schemas, trail)]))
  const referred = typeof $ref === 'string' ? follow($ref, schemas, trail) : {}
  return inlined({ ...referred, ...own })
}

function follow(reference: string, schemas: JsonObject, trail: readonly string[]): JsonObject {
  const name = /^#\/components\/schemas\/(.+)$/.exec(reference)?.[1]
  if (name === undefined || trail.includes(name) || !Object.hasOwn(schemas, name)) return {}
  const found = resolved(schemas[name] as Json, schemas, [...trail, name])
  return isObject(found) ? found : {}
}

/** Enums stand as `allOf` with one member. */
function inlined(schema: JsonObject): JsonObject {
  const { allOf, ...rest } = schema
  const [only, ...others] = Array.isArray(allOf) ? allOf : []
  if (!isObject(only) || others.length > 0) return schema
  return { ...only, ...rest }
}
