/** A model's input fields, written short, and the JSON Schema that Replicate would give for them. */
import type { Json, JsonObject } from '../../std/json.ts'

export interface Field {
  type: 'string' | 'integer' | 'number' | 'boolean' | 'array'
  description: string
  required?: true
  default?: Json
  choices?: readonly (string | number)[]
  min?: number
  max?: number
  /** A link or data URI of a file (for an array: its items are). */
  file?: true
}
export type Fields = Record<string, Field>

type Extra = Omit<Field, 'type' | 'description'>

export const text = (description: string, extra: Extra = {}): Field => ({ type: 'string', description, ...extra })
export const integer = (description: string, extra: Extra = {}): Field => ({ type: 'integer', description, ...extra })
export const number = (description: string, extra: Extra = {}): Field => ({ type: 'number', description, ...extra })
export const flag = (description: string, byDefault = false): Field => ({
  type: 'boolean',
  description,
  default: byDefault,
})
export const choice = (
  description: string,
  choices: readonly (string | number)[],
  byDefault: string | number,
): Field => ({
  type: typeof byDefault === 'number' ? 'integer' : 'string',
  description,
  choices,
  default: byDefault,
})
export const file = (description: string, extra: Extra = {}): Field => ({
  type: 'string',
  description,
  file: true,
  ...extra,
})
export const files = (description: string): Field => ({ type: 'array', description, file: true, default: [] })

/** `components.schemas` and the paths, as `latest_version.openapi_schema` has them; `training` where there is one. */
export function openapiSchema(title: string, fields: Fields, output: JsonObject, training?: Fields): JsonObject {
  const predict = operation('Predict', 'Prediction', '', fields, output)
  const train = training && operation('Train', 'Training', 'Training', training, trainingOutput)
  return {
    openapi: '3.0.2',
    info: { title: 'Cog', version: '0.1.0', description: title },
    paths: { '/predictions': predict.path, ...(train && { '/trainings': train.path }) },
    components: {
      schemas: {
        ...predict.schemas,
        ...train?.schemas,
        Status: {
          enum: ['starting', 'processing', 'succeeded', 'canceled', 'failed'],
          type: 'string',
          title: 'Status',
        },
      },
    },
  }
}

const trainingOutput: JsonObject = {
  type: 'object',
  properties: { weights: { type: 'string', format: 'uri' }, version: { type: 'string' } },
}

/** `noun` begins the names of its request and answer, `prefix` those of its input and output. */
function operation(summary: string, noun: string, prefix: string, fields: Fields, output: JsonObject) {
  const schemas: JsonObject = {}
  const properties: JsonObject = {}
  const required: string[] = []
  for (const [order, [name, field]] of Object.entries(fields).entries()) {
    if (field.choices)
      schemas[name] = { enum: [...field.choices], type: field.type, title: name, description: 'An enumeration.' }
    properties[name] = property(name, field, order)
    if (field.required) required.push(name)
  }
  const input: JsonObject = { type: 'object', title: `${prefix}Input`, properties }
  if (required.length > 0) input['required'] = required
  const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` })
  const content = (name: string): JsonObject => ({ 'application/json': { schema: reference(name) } })
  const path: JsonObject = {
    post: {
      summary,
      requestBody: { content: content(`${noun}Request`) },
      responses: { '200': { description: 'Successful Response', content: content(`${noun}Response`) } },
    },
  }
  schemas[`${prefix}Input`] = input
  schemas[`${prefix}Output`] = { title: `${prefix}Output`, ...output }
  schemas[`${noun}Request`] = {
    type: 'object',
    title: `${noun}Request`,
    properties: { input: reference(`${prefix}Input`) },
  }
  schemas[`${noun}Response`] = {
    type: 'object',
    title: `${noun}Response`,
    properties: {
      input: reference(`${prefix}Input`),
      output: reference(`${prefix}Output`),
      status: reference('Status'),
    },
  }
  return { path, schemas }
}

function property(name: string, field: Field, order: number): JsonObject {
  const made: JsonObject = { description: field.description, 'x-order': order }
  if (field.choices) {
    made['allOf'] = [{ $ref: `#/components/schemas/${name}` }]
  } else {
    made['type'] = field.type
    made['title'] = name.replaceAll('_', ' ').replace(/\b[a-z]/g, (letter) => letter.toUpperCase())
    if (field.type === 'array') made['items'] = field.file ? { type: 'string', format: 'uri' } : { type: 'object' }
    else if (field.file) made['format'] = 'uri'
  }
  if (field.default !== undefined) made['default'] = field.default
  if (field.min !== undefined) made['minimum'] = field.min
  if (field.max !== undefined) made['maximum'] = field.max
  if (!field.required && field.default === undefined) made['nullable'] = true
  return made
}
