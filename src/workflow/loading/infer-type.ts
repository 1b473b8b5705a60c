/** What the checker may assume of data: the types of inputs, of step results, and of rendered templates. */
import type { InputSpec, StepDefinition, WorkflowDefinition } from '../../domain/definition.ts'
import type { Expression } from '../../expression/parse.ts'
import {
  anyObject,
  anyType,
  booleanType,
  joinAll,
  listOf,
  nullType,
  numberType,
  stringType,
  type ValueType,
} from '../../expression/value-type.ts'
import { isObject, type Json } from '../../std/json.ts'
import type { Template, TemplateNode } from '../template.ts'

export function closedObject(fields: Record<string, ValueType>): ValueType {
  return { kind: 'object', fields, open: false }
}

const inputTypes: Record<InputSpec['type'], ValueType> = {
  string: stringType,
  number: numberType,
  integer: numberType,
  boolean: booleanType,
  array: listOf(anyType),
  object: anyObject,
  file: stringType,
  files: listOf(anyObject),
}

/** An input that may be null could be anything, for a checker that complains only of what is certain. */
export function inputsType(specs: Readonly<Record<string, InputSpec>>): ValueType {
  const fields: Record<string, ValueType> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const nullable = spec.default === null || (!spec.required && spec.default === undefined)
    fields[name] = nullable ? anyType : spec.type === 'files' ? listOf(givenFileType(spec)) : inputTypes[spec.type]
  }
  return closedObject(fields)
}

const fileFields = { name: stringType, sha256: stringType, bytes: numberType, media_type: stringType }
const fileType: ValueType = { kind: 'object', fields: fileFields, open: true }

/** One of an input of type `files`. */
function givenFileType(spec: InputSpec): ValueType {
  return closedObject({ ...fileFields, file: stringType, ...(spec.text && { text: stringType }) })
}

/** `steps.<id>`. */
export function stepType(output: ValueType): ValueType {
  return closedObject({
    output,
    status: stringType,
    error: anyType,
    cost: anyType,
    cost_usd: anyType,
    latency_ms: numberType,
    attempts: numberType,
    model: anyType,
    files: listOf(fileType),
  })
}

export const anyStep: ValueType = stepType(anyType)

/** What one piece of the step's work gives: all of it, one item, or one round. `value` is the type of a `value` step. */
export function workType(step: StepDefinition, value: ValueType, definition: WorkflowDefinition): ValueType {
  const { action } = step
  switch (action.kind) {
    case 'value':
      return value
    case 'approval': {
      const inputs = inputsType(action.approval.inputs)
      return closedObject({ approved: booleanType, inputs, by: stringType, at: stringType })
    }
    case 'workflow': {
      const child = Object.hasOwn(definition.workflows, action.ref) ? definition.workflows[action.ref] : undefined
      return child
        ? closedObject(Object.fromEntries(Object.keys(child.outputs).map((name) => [name, anyType])))
        : anyType
    }
    default:
      return step.output_schema ? schemaType(step.output_schema, 0) : anyType
  }
}

/** What `steps.<id>.output` is. */
export function outputType(step: StepDefinition, work: ValueType, perItem: boolean): ValueType {
  const nullable = step.on_error === 'continue'
  if (step.foreach) return listOf(nullable || perItem ? anyType : work)
  return nullable ? anyType : work
}

const deepestSchema = 20

/** What a JSON Schema says for certain. */
function schemaType(schema: Json, depth: number): ValueType {
  if (!isObject(schema) || depth > deepestSchema) return anyType
  const { type, properties, items, additionalProperties } = schema as Record<string, Json>
  switch (type) {
    case 'string':
      return stringType
    case 'number':
    case 'integer':
      return numberType
    case 'boolean':
      return booleanType
    case 'array':
      return listOf(items === undefined ? anyType : schemaType(items, depth + 1))
    case 'object': {
      const fields = isObject(properties) ? Object.entries(properties as Record<string, Json>) : []
      const types = fields.map(([name, inner]) => [name, schemaType(inner, depth + 1)] as const)
      return { kind: 'object', fields: Object.fromEntries(types), open: additionalProperties !== false }
    }
    default:
      return anyType
  }
}

/** The type of what a template renders to, given the types of its expressions. */
export function templateType(template: Template, types: ReadonlyMap<Expression, ValueType>): ValueType {
  return nodeType(template.root, types)
}

export function nodeType(node: TemplateNode, types: ReadonlyMap<Expression, ValueType>): ValueType {
  switch (node.kind) {
    case 'constant':
      return literalType(node.value, 0)
    case 'alone':
      return types.get(node.part.expression) ?? anyType
    case 'text':
      return stringType
    case 'list':
      return listOf(joinAll(node.items.map((item) => nodeType(item, types))))
    case 'object':
      return closedObject(Object.fromEntries(node.entries.map(([key, value]) => [key, nodeType(value, types)])))
  }
}

const deepestLiteral = 20

function literalType(value: Json, depth: number): ValueType {
  if (value === null) return nullType
  if (typeof value !== 'object')
    return { string: stringType, number: numberType, boolean: booleanType }[typeof value as 'string']
  if (depth > deepestLiteral) return anyType
  if (Array.isArray(value)) return listOf(joinAll(value.map((item) => literalType(item, depth + 1))))
  return closedObject(
    Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, literalType(inner, depth + 1)])),
  )
}
