/** The agents and models that can be named from here. */
import { z } from 'zod'
import { agentsOfWorkflows } from '../../agents-of-workflows.ts'
import { defineAction } from '../../action.ts'
import { defined } from '../../../std/defined.ts'

export const listAgents = defineAction({
  noun: 'agents',
  verb: 'list',
  summary: 'list the agents and models that the workflows here use',
  input: z.object({}),
  output: z.object({
    agents: z.array(
      z.object({
        name: z.string(),
        target: z.string(),
        models: z.array(z.string()),
        deployment: z.string().optional(),
        description: z.string().optional(),
        workflows: z.array(z.string()),
      }),
    ),
    models: z.array(z.object({ model: z.string(), workflows: z.array(z.string()) })),
  }),
  async run(app) {
    const { agents, models } = await agentsOfWorkflows(app.cwd)
    return {
      agents: agents.map(({ name, workflows, definition: { target, models: candidates, deployment, description } }) =>
        defined({ name, target, models: candidates, deployment, description, workflows }),
      ),
      models,
    }
  },
})
