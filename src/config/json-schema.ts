/** The published JSON Schema of `replicate-agent.yaml`, made from the zod schema that loads it. */
import { z } from 'zod'
import { isObject } from '../std/json.ts'
import { configSpec } from './schema.ts'

/** The text of `schema/config.schema.json`. Draft 7, which editors know best. */
export function configJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(configSpec, { target: 'draft-7', io: 'input' })
  const whole = { $schema, title: 'replicate-agent configuration', ...(withVariables(schema) as object) }
  return `${JSON.stringify(whole, undefined, 2)}\n`
}

/** `${NAME}` may stand for every value that is no list and no mapping. */
const variable = { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}' }
const simple: ReadonlySet<unknown> = new Set(['string', 'number', 'integer', 'boolean'])

function withVariables(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withVariables)
  if (!isObject(node)) return node
  const { description, ...rest } = node
  const isOpen = rest['type'] === 'string' && Object.keys(rest).length === 1
  if (simple.has(rest['type']) && !isOpen)
    return { ...(description !== undefined && { description }), anyOf: [rest, variable] }
  return Object.fromEntries(
    // Names of fields are no values, and neither are the values of an enumeration.
    Object.entries(node).map(([key, inner]) => [key, key === 'propertyNames' ? inner : withVariables(inner)]),
  )
}
