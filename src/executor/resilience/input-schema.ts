/** Holds the input of a call against its agent's `input_schema`, before anything is sent or paid for. */
import { ValidationError } from '../../domain/errors.ts'
import type { JsonObject } from '../../std/json.ts'
import { validateJson } from '../../std/json-schema.ts'
import type { Candidate } from '../../targets/target.ts'

/** `input`: defaults merged in. Throws ValidationError: another candidate may take it, another attempt would not help. */
export function assertInput({ name, input_schema }: Candidate, input: JsonObject): void {
  const problems = input_schema ? validateJson(input_schema, input) : []
  if (problems.length === 0) return
  throw new ValidationError(`the input does not fit the input_schema of agent "${name}": ${problems.join('; ')}`, {
    details: { problems },
  })
}
