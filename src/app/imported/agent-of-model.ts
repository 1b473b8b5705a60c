/** A model as an agent would be written by hand. */
import { agentSpec } from '../../documents/agent/spec.ts'
import { NonRetryableError } from '../../domain/errors.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { ModelInfo } from '../../targets/target.ts'
import { plainLine } from './plain-line.ts'
import { trimmedSchema } from './trimmed-schema.ts'

const longestDescription = 300
/** Bytes, as JSON: a configuration may have a million. */
const largestSchema = 100_000

/**
 * `model`: as it was asked for, with its version if it had one. It gets no price: the book of prices is asked at each
 * call, and a copy here would hide what changes there later. Throws `validation` when it makes no agent.
 */
export function agentOfModel(model: string, info: ModelInfo): JsonObject {
  const description = plainLine(info.description ?? '', longestDescription)
  const schema = info.input_schema && trimmedSchema(info.input_schema)
  const spec = escaped({
    model,
    ...(description !== '' && { description }),
    ...(schema && JSON.stringify(schema).length <= largestSchema && { input_schema: schema }),
  }) as JsonObject
  const checked = agentSpec.safeParse(spec)
  if (checked.success) return spec
  const [issue] = checked.error.issues
  throw new NonRetryableError(
    'validation',
    `${model} can't be written as an agent: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  )
}

/** `${` begins a variable in a configuration; nobody else may name one of ours. */
function escaped(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll(/\$\{(?!\{)/g, '$$${')
  if (Array.isArray(value)) return value.map(escaped)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]))
}
