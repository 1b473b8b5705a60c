/** Holds a call's output against the step's `output_schema`. */
import { RetryableError } from '../../domain/errors.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { validateJson } from '../../std/json-schema.ts'

/**
 * The output as the schema wants it: itself when it fits; else, for text (or a list of pieces of text, as language
 * models give it), the JSON value written in it, bare or in a code fence. Throws RetryableError `invalid_output`.
 */
export function fitOutput(output: Json, schema: JsonObject | undefined): Json {
  if (!schema) return output
  const problems = validateJson(schema, output)
  if (problems.length === 0) return output
  const written = writtenJson(output)
  if (written === undefined) throw misfit(problems)
  const parsedProblems = validateJson(schema, written.value)
  if (parsedProblems.length > 0) throw misfit(parsedProblems)
  return written.value
}

function misfit(problems: readonly string[]): RetryableError {
  return new RetryableError('invalid_output', `the output does not fit output_schema: ${problems.join('; ')}`, {
    details: { problems: [...problems] },
  })
}

const fence = /```(?:json)?\s*\n([\s\S]*?)\n?\s*```/i

function writtenJson(output: Json): { value: Json } | undefined {
  const text = textOf(output)
  if (text === undefined) return undefined
  for (const candidate of [text, fence.exec(text)?.[1]]) {
    if (candidate === undefined) continue
    try {
      return { value: JSON.parse(candidate) as Json }
    } catch {
      // Not JSON: perhaps the other one is.
    }
  }
  return undefined
}

function textOf(output: Json): string | undefined {
  if (typeof output === 'string') return output
  if (!Array.isArray(output) || !output.every((piece) => typeof piece === 'string')) return undefined
  return output.join('')
}
