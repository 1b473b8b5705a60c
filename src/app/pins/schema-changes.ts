/** What differs between the schemas of two versions, as somebody who calls the model notices it. */
import type { ModelVersion } from '../../domain/version-pin.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { jsonChanges } from '../../std/json-changes.ts'
import { withoutProse } from '../../targets/replicate/fingerprint.ts'

export interface SchemaChange {
  part: 'input' | 'output'
  kind: 'added' | 'removed' | 'changed'
  /** The input that it is about. */
  name?: string | undefined
  /** Of an input that was added: whether a call has to give it. */
  required?: boolean | undefined
  /** Of a change: what of it, as in `type` or `items.format`. */
  field?: string | undefined
  before?: Json | undefined
  after?: Json | undefined
}

type Schemas = Pick<ModelVersion, 'input_schema' | 'output_schema'>

/** Prose and its order are no changes. Undefined when a schema of one of them is not known. */
export function schemaChanges(before: Schemas, after: Schemas): SchemaChange[] | undefined {
  if (!before.input_schema || !after.input_schema) return undefined
  const [one, other] = [inputsOf(before.input_schema), inputsOf(after.input_schema)]
  const inputs = [...new Set([...one.keys(), ...other.keys()])].flatMap((name) =>
    inputChanges(name, one.get(name), other.get(name)),
  )
  const [from, to] = [before, after].map(({ output_schema: schema }) => withoutProse(schema ?? {}))
  const outputs = jsonChanges(from as Json, to as Json).map((change) => ({
    part: 'output' as const,
    ...fieldChange(change),
  }))
  return [...inputs, ...outputs]
}

interface Input {
  schema: JsonObject
  required: boolean
}

function inputsOf(schema: JsonObject): Map<string, Input> {
  const { properties, required } = schema
  const needed = new Set(Array.isArray(required) ? required : [])
  return new Map(
    Object.entries(isObject(properties) ? properties : {}).map(([name, property]) => [
      name,
      { schema: withoutProse(isObject(property) ? property : {}), required: needed.has(name) },
    ]),
  )
}

function inputChanges(name: string, before: Input | undefined, after: Input | undefined): SchemaChange[] {
  const part = 'input' as const
  if (!before) return [{ part, kind: 'added', name, required: after?.required === true }]
  if (!after) return [{ part, kind: 'removed', name }]
  const changes = jsonChanges(before.schema, after.schema)
  if (before.required !== after.required)
    changes.push({ kind: 'changed', path: ['required'], before: before.required, after: after.required })
  return changes.map((change) => ({ part, name, ...fieldChange(change) }))
}

function fieldChange({ path, before, after }: ReturnType<typeof jsonChanges>[number]) {
  return {
    kind: 'changed' as const,
    field: path.join('.'),
    ...(before !== undefined && { before }),
    ...(after !== undefined && { after }),
  }
}

/** Characters of a value. */
const longestValue = 40

/** `input "seed" added (required)`, `input "size": default 1 → 2`, `output: type "string" → "array"`. */
export function changeText({ part, kind, name, required, field, before, after }: SchemaChange): string {
  const what = name === undefined ? part : `${part} "${name}"`
  if (kind !== 'changed') return `${what} ${kind}${required ? ' (required)' : ''}`
  const place = field === '' || field === undefined ? '' : ` ${field}`
  if (before === undefined) return `${what}:${place} ${shown(after)} added`
  if (after === undefined) return `${what}:${place} ${shown(before)} removed`
  return `${what}:${place} ${shown(before)} → ${shown(after)}`
}

function shown(value: Json | undefined): string {
  const text = JSON.stringify(value)
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text
}

/** The first few, for one line. */
export function changesText(changes: readonly SchemaChange[], most = 3): string {
  const texts = changes.slice(0, most).map(changeText)
  return [...texts, ...(changes.length > most ? [`${changes.length - most} more`] : [])].join(', ')
}
