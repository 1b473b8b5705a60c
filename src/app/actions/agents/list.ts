/** The agents and models that can be named from here. */
import { z } from 'zod'
import { namedAgents } from '../../named-agents.ts'
import { defineAction } from '../../action.ts'
import { defined } from '../../../std/defined.ts'

export const listAgents = defineAction({
  noun: 'agents',
  verb: 'list',
  summary: 'list the agents of the configuration, and the agents and models that the workflows here use',
  input: z.object({}),
  output: z.object({
    agents: z.array(
      z.object({
        name: z.string(),
        target: z.string(),
        models: z.array(z.string()),
        deployment: z.string().optional(),
        description: z.string().optional(),
        file: z.string().optional().describe('of the configuration; absent where a workflow defines it'),
        workflows: z.array(z.string()).describe('those that define or name it'),
      }),
    ),
    models: z.array(z.object({ model: z.string(), workflows: z.array(z.string()) })),
  }),
  async run(app) {
    const { agents, models } = await namedAgents(app)
    return {
      agents: agents.map(
        ({ name, file, workflows, definition: { target, models: candidates, deployment, description } }) =>
          defined({ name, target, models: candidates, deployment, description, file, workflows }),
      ),
      models,
    }
  },
})
