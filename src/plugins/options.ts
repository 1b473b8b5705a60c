/** Checks the options of a plugin against its own schema. */
import { isObject, type Json, type JsonObject } from '../std/json.ts'
import { validateJson } from '../std/json-schema.ts'
import { isStandardSchema } from './define-plugin.ts'
import { messageOf } from './invoke.ts'
import type { Plugin, StandardSchema } from './plugin.ts'

export interface OptionFault {
  /** Within the options. */
  path: (string | number)[]
  message: string
}

/** The options as the plugin gets them: with its schema's defaults. */
export async function checkOptions(
  { options: schema }: Plugin,
  given: JsonObject | undefined,
): Promise<{ options: unknown } | { faults: OptionFault[] }> {
  if (schema === undefined) {
    const [first] = Object.keys(given ?? {})
    return first === undefined ? { options: {} } : { faults: [{ path: [first], message: 'it takes no options' }] }
  }
  if (isStandardSchema(schema)) return checkByStandard(schema, given ?? {})
  const faults = validateJson(schema, given ?? {}).map((message) => ({ path: pathIn(message), message }))
  return faults.length > 0 ? { faults } : { options: withDefaults(schema, given ?? {}) }
}

async function checkByStandard(
  schema: StandardSchema,
  given: JsonObject,
): Promise<{ options: unknown } | { faults: OptionFault[] }> {
  let outcome: Awaited<ReturnType<StandardSchema['~standard']['validate']>>
  try {
    outcome = await schema['~standard'].validate(given)
  } catch (error) {
    return { faults: [{ path: [], message: `its schema failed: ${messageOf(error)}` }] }
  }
  if (!outcome.issues) return { options: outcome.value }
  const faults = outcome.issues.map(({ path = [], message }) => {
    const keys = path.map((part) => (typeof part === 'object' ? part.key : part))
    const plain = keys.map((key) => (typeof key === 'symbol' ? String(key) : key))
    const text = plain.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
    return { path: plain, message: text === '' ? message : `\`${text.replace(/^\./, '')}\`: ${message}` }
  })
  return { faults }
}

/** Messages of the JSON Schema check begin with the place: `a.b[0] is …`. */
function pathIn(message: string): (string | number)[] {
  const [place = ''] = message.split(' ', 1)
  if (place === 'it') return []
  return [...place.matchAll(/\[(\d+)\]|([^.[\]]+)/g)].map(([, index, key = '']) =>
    index === undefined ? key : Number(index),
  )
}

/** Of the properties at the top: what a schema gives as `default` holds where nothing is said. */
function withDefaults({ properties }: JsonObject, given: JsonObject): JsonObject {
  const filled: Record<string, Json> = {}
  for (const [key, property] of Object.entries(isObject(properties) ? properties : {}))
    if (isObject(property) && property['default'] !== undefined) filled[key] = property['default']
  return { ...filled, ...given }
}
