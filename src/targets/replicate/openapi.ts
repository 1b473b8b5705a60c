/** Takes a schema out of a model's OpenAPI document, with what it refers to put in place. */
import { isObject, type Json, type JsonObject } from '../../std/json.ts'

/** Of references. */
const maxDepth = 32
/** Of lists and objects in each other. */
const maxNesting = 200
/** Lists and objects: parts that refer to each other can stand for more than any memory holds. */
const most = 50_000

/**
 * The component of that name; undefined when there is none. What refers to itself, or takes more than its share of the
 * whole, ends as `{}`.
 */
export function dereferenced(document: Json | undefined, name: string): JsonObject | undefined {
  const schemas = pathOf(document, ['components', 'schemas'])
  if (!isObject(schemas) || !Object.hasOwn(schemas, name) || !isObject(schemas[name])) return undefined
  const found = resolved(schemas[name], { schemas: schemas, trail: [name], nesting: 0, share: most })
  return isObject(found) ? found : undefined
}

function pathOf(value: Json | undefined, path: readonly string[]): Json | undefined {
  let at: Json | undefined = value
  for (const key of path) at = isObject(at) ? at[key] : undefined
  return at
}

interface Within {
  schemas: JsonObject
  /** The components that led here. */
  trail: readonly string[]
  nesting: number
  /** How many lists and objects may come of this value. */
  share: number
}

function resolved(value: Json, within: Within): Json {
  if (typeof value !== 'object' || value === null) return value
  const { trail, nesting, share } = within
  if (trail.length > maxDepth || nesting > maxNesting || share < 1) return {}
  const nested = Object.values(value).filter((each) => typeof each === 'object' && each !== null).length
  const isReference = !Array.isArray(value) && typeof value['$ref'] === 'string'
  const inner = { ...within, nesting: nesting + 1, share: (share - 1) / Math.max(1, nested + Number(isReference)) }
  if (Array.isArray(value)) return value.map((each) => resolved(each, inner))
  const { $ref, ...rest } = value
  const own = Object.fromEntries(Object.entries(rest).map(([key, each]) => [key, resolved(each, inner)]))
  const referred = typeof $ref === 'string' ? follow($ref, inner) : {}
  return inlined({ ...referred, ...own })
}

function follow(reference: string, within: Within): JsonObject {
  const { schemas, trail } = within
  const name = /^#\/components\/schemas\/(.+)$/.exec(reference)?.[1]
  if (name === undefined || trail.includes(name) || !Object.hasOwn(schemas, name)) return {}
  const found = resolved(schemas[name] as Json, { ...within, trail: [...trail, name] })
  return isObject(found) ? found : {}
}

/** Enums stand as `allOf` with one member. */
function inlined(schema: JsonObject): JsonObject {
  const { allOf, ...rest } = schema
  const [only, ...others] = Array.isArray(allOf) ? allOf : []
  if (!isObject(only) || others.length > 0) return schema
  return { ...only, ...rest }
}
