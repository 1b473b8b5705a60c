/** The published JSON Schema of workflow files, made from the zod schema that loads them. */
import { z } from 'zod'
import { actionKinds } from './normalise-step.ts'
import { workflowSpec } from '../spec.ts'

/** The text of `schema/workflow.schema.json`. Draft 7, which editors know best. */
export function workflowJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(workflowSpec, { target: 'draft-7', io: 'input' })
  const { step } = schema.definitions as Record<string, Record<string, unknown>>
  // The loader says this in its own words, so the zod schema does not.
  if (step) step['oneOf'] = actionKinds.map((kind) => ({ required: [kind] }))
  return `${JSON.stringify({ $schema, title: 'replicate-agent workflow', ...schema }, undefined, 2)}\n`
}
