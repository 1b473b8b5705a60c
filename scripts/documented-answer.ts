/** Whether an answer is what the shared description of Replicate's API says: status, schema, and the fields of its example. */

export type Schema = Record<string, unknown>
export interface Operation {
  description?: string
  responses: Record<string, { content?: Record<string, { schema?: Schema }> }>
}
export interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}
/**
 * What in an answer is not as described; nothing when all is. Examples in descriptions are of work that has ended:
 * without `example`, the answer is compared with its schema alone.
 */
export async function undocumented(
  response: Response,
  described: Operation,
  document: Document,
  { example }: { example: boolean },
): Promise<string[]> {
  const text = await response.text()
  const expected = described.responses[String(response.status)]
  if (!expected)
    return [
      `answered ${response.status}, documented are ${Object.keys(described.responses).join(', ')}: ${text.slice(0, 200)}`,
    ]
  if (!response.headers.get('content-type')?.includes('json')) return []
  const answer: unknown = JSON.parse(text)
  const schema = expected.content?.['application/json']?.schema
  return [
    ...(schema ? mismatches(answer, schema, document, '$') : []),
    ...(example ? missingFields(answer, described.description ?? '') : []),
  ]
}

/** Where a value is not what its schema says. */
export function mismatches(value: unknown, given: Schema, document: Document, at: string): string[] {
  const name = typeof given['$ref'] === 'string' ? given['$ref'].split('/').at(-1) : undefined
  const schema = name === undefined ? given : (document.components.schemas[name] ?? {})
  const wrong = wrongValue(value, schema)
  if (wrong !== undefined) return [`${at} ${wrong}`]
  if (Array.isArray(value)) {
    const items = schema['items'] as Schema | undefined
    return items ? value.flatMap((item, n) => mismatches(item, items, document, `${at}[${n}]`)) : []
  }
  return typeof value === 'object' && value !== null
    ? fieldMismatches(value as Schema, schema, name !== undefined, document, at)
    : []
}

function wrongValue(value: unknown, schema: Schema): string | undefined {
  const types = [schema['type'] ?? []].flat() as string[]
  if (value === null) {
    return types.length === 0 || types.includes('null') || schema['nullable'] === true ? undefined : 'is null'
  }
  if (types.length > 0 && !types.some((type) => hasType(value, type))) return `is no ${types.join(' or ')}`
  if (Array.isArray(schema['enum']) && !schema['enum'].includes(value)) return `is ${JSON.stringify(value)}`
  if (schema['format'] !== 'date-time' || typeof value !== 'string') return undefined
  return Number.isNaN(Date.parse(value)) ? 'is no time' : undefined
}

/** Where a schema does not say which fields it requires, all that it describes have to be there; named ones say so. */
function fieldMismatches(value: Schema, schema: Schema, isNamed: boolean, document: Document, at: string): string[] {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)
  const required = (schema['required'] ?? (isNamed ? [] : properties.map(([field]) => field))) as string[]
  return [
    ...required.filter((field) => !Object.hasOwn(value, field)).map((field) => `${at}.${field} is missing`),
    ...properties
      .filter(([field]) => Object.hasOwn(value, field))
      .flatMap(([field, each]) => mismatches(value[field], each, document, `${at}.${field}`)),
  ]
}

function hasType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value)
  return typeof value === type
}

/** Fields of the example answer in the description that ours lacks: of itself, or of the first of its results. */
function missingFields(answer: unknown, description: string): string[] {
  const example = /```json\s*([\s\S]*?)```/.exec(description.slice(Math.max(0, description.search(/respon[sd]/i))))?.[1]
  if (example === undefined) return []
  let shown: unknown
  try {
    shown = JSON.parse(
      example
        .replace(/\{\s*\.\.\.\s*\}/g, '{}')
        .replace(/\[\s*\.\.\.\s*\]/g, '[]')
        .replace(/,(\s*[}\]])/g, '$1'),
    )
  } catch {
    return []
  }
  const firstOf = (value: unknown): object => {
    const results = (value as { results?: unknown[] }).results
    const chosen: unknown = Array.isArray(value) ? (value as unknown[])[0] : (results?.[0] ?? value)
    return typeof chosen === 'object' && chosen !== null ? chosen : {}
  }
  const ours = firstOf(answer)
  return Object.keys(firstOf(shown))
    .filter((field) => !Object.hasOwn(ours, field))
    .map((field) => `lacks ${field}, which the documented example has`)
}
