/** One agent of the configuration or the workflows here, or one model as its provider describes it. */
import { z } from 'zod'
import { defined } from '../../../std/defined.ts'
import type { ModelInfo } from '../../../targets/target.ts'
import { defineAction } from '../../action.ts'
import { findAgent } from '../../named-agents.ts'
import { describeModel, tryDescribeModel } from '../../describe-model.ts'
import { jsonObject } from '../../given-inputs.ts'

const modelShape = z.object({
  name: z.string(),
  description: z.string().optional(),
  version: z.string().optional(),
  input_schema: jsonObject.optional(),
  output_schema: jsonObject.optional(),
  run_count: z.number().optional(),
  url: z.string().optional(),
})

export const showAgent = defineAction({
  noun: 'agents',
  verb: 'show',
  summary: 'show an agent, or a model with its inputs',
  input: z.object({
    agent: z.string().describe('an agent of the configuration or a workflow, or owner/name of a model'),
  }),
  output: z.object({
    name: z.string(),
    /** The definition of an agent; absent for a model. */
    agent: jsonObject.optional(),
    /** Of the configuration that it stands in; absent where a workflow defines it. */
    file: z.string().optional(),
    workflows: z.array(z.string()).optional(),
    models: z.array(modelShape),
  }),
  async run(app, { agent: name }, context) {
    if (name.includes('/')) return { name, models: [defined(await describeModel(app, app.world, name, context))] }
    const { definition, workflows, file } = await findAgent(app, name)
    const models: ModelInfo[] = []
    const isReachable = definition.target === 'replicate' && (app.world !== 'real' || app.hasToken)
    for (const model of isReachable ? definition.models : []) {
      const info = await tryDescribeModel(app, app.world, model, context)
      if (info) models.push(info)
    }
    const agent = JSON.parse(JSON.stringify(definition)) as z.infer<typeof jsonObject>
    return { name, agent, ...(file !== undefined && { file }), workflows, models: models.map((info) => defined(info)) }
  },
})
