/** The inputs of a workflow, checked before anything is opened or journaled. */
import { NonRetryableError } from '../domain/errors.ts'
import type { JsonObject } from '../std/json.ts'
import { checkInputs } from '../workflow/inputs.ts'
import type { LoadedWorkflow } from '../workflow/load.ts'

/** Throws `invalid_input` that names everything wrong with them. */
export function assertInputs({ definition }: Pick<LoadedWorkflow, 'definition'>, given: JsonObject): void {
  const checked = checkInputs(definition.inputs, given)
  if (checked.ok) return
  const lines = checked.problems.map((problem) => `input "${problem.name}" ${problem.message}`)
  const hint = checked.problems.find((problem) => problem.hint !== undefined)?.hint
  throw new NonRetryableError('invalid_input', lines.join('; '), { hint })
}
