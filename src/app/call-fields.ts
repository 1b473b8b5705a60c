/** Fields of every action that is about one call. */
import { z } from 'zod'
import { taskSpec } from '../documents/agent/routing-spec.ts'
import { inputFields } from './given-inputs.ts'

export const callFields = {
  agent: z.string().describe('an agent of the configuration or a workflow, or owner/name of a model'),
  model: z.string().optional().describe("owner/name, in place of the agent's candidates"),
  timeout_ms: z.number().positive().optional().describe("of all attempts together, in place of the agent's"),
  task: taskSpec.optional().describe("a label for what is asked, in place of the agent's `routing.task`"),
  ...inputFields,
}
