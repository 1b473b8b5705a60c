/** One agent of the configuration or the workflows here, or one model as its provider describes it. */
import { z } from 'zod'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { findAgent } from '../../named-agents.ts'
import { discoverModel, type Discovered, tryDiscoverModel } from '../../discovery/discover-model.ts'
import { jsonObject } from '../../given-inputs.ts'

const modelShape = z.object({
  name: z.string(),
  description: z.string().optional(),
  version: z.string().optional(),
  official: z.boolean().optional(),
  input_schema: jsonObject.optional(),
  output_schema: jsonObject.optional(),
  run_count: z.number().optional(),
  url: z.string().optional(),
  /** When it was read, ISO 8601. */
  read_at: z.string(),
  /** Why it could not be read again, though it was time. */
  failure: z.string().optional(),
})

export const showAgent = defineAction({
  noun: 'agents',
  verb: 'show',
  summary: 'show an agent, or a model with its inputs',
  input: z.object({
    agent: z.string().describe('an agent of the configuration or a workflow, or owner/name of a model'),
    refresh: z.boolean().default(false).describe('ask again, however new what is known is'),
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
  async run(app, { agent: name, refresh }, context) {
    if (name.includes('/'))
      return { name, models: [shown(await discoverModel(app, app.world, name, context, { refresh }))] }
    const { definition, workflows, file } = await findAgent(app, name)
    const models = definition.target === 'replicate' ? definition.models : []
    const known = await Promise.all(
      models.map((model) => tryDiscoverModel(app, app.world, model, context, { refresh })),
    )
    const agent = JSON.parse(JSON.stringify(definition)) as z.infer<typeof jsonObject>
    return {
      name,
      agent,
      ...(file !== undefined && { file }),
      workflows,
      models: known.flatMap((each) => (each ? [shown(each)] : [])),
    }
  },
})

function shown({ info, read_at, failure }: Discovered): z.infer<typeof modelShape> {
  return defined({ ...info, read_at: new Date(read_at).toISOString(), failure: failure?.message })
}
