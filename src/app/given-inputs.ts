/** Inputs as a door is given them: JSON values, and texts that the schema types. */
import { z } from 'zod'
import type { InputSpec } from '../domain/definition.ts'
import type { JsonObject } from '../std/json.ts'
import { parseInputFlag } from '../workflow/inputs.ts'

export const jsonObject = z.record(z.string(), z.json())

/** Fields of every action that takes inputs of a workflow. */
export const inputFields = {
  inputs: jsonObject.default({}).describe('inputs as JSON'),
  typed: z
    .record(z.string(), z.string())
    .default({})
    .describe('inputs as text, typed by the schema; they come before `inputs`'),
}

export function givenInputs(
  specs: Readonly<Record<string, InputSpec>>,
  given: { inputs: z.output<typeof jsonObject>; typed: Record<string, string> },
): JsonObject {
  const typed = Object.entries(given.typed).map(([name, text]) => [
    name,
    parseInputFlag(Object.hasOwn(specs, name) ? specs[name] : undefined, text),
  ])
  return { ...given.inputs, ...Object.fromEntries(typed) } as JsonObject
}
