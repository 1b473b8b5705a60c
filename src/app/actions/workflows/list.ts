/** The workflows that can be named from here. */
import { z } from 'zod'
import { listWorkflows } from '../../../workflow/find.ts'
import { defineAction } from '../../action.ts'

export const listWorkflowFiles = defineAction({
  noun: 'workflows',
  verb: 'list',
  summary: 'list the workflows of the nearest `workflows` folder',
  input: z.object({}),
  output: z.object({
    workflows: z.array(
      z.object({
        name: z.string(),
        version: z.string().optional(),
        description: z.string().optional(),
        file: z.string(),
        problems: z.number().describe('errors in the file'),
      }),
    ),
  }),
  async run(app) {
    return { workflows: await listWorkflows(app.cwd, app.agents()) }
  },
})
