/** The steps of a workflow and what needs what. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { graphText } from '../../graph-text.ts'
import { graphFormats, graphOf, graphShape } from '../../graph.ts'
import { openWorkflow } from '../../workflow-file.ts'

export const graphWorkflow = defineAction({
  noun: 'workflows',
  verb: 'graph',
  summary: 'draw the steps of a workflow and their needs',
  input: z.object({ workflow: z.string(), format: z.enum(graphFormats).default('tree') }),
  output: graphShape.extend({ text: z.string().optional().describe('the drawing, for all formats but json') }),
  async run(app, { workflow, format }, context) {
    const graph = graphOf((await openWorkflow(app, workflow, context)).plan)
    return format === 'json' ? graph : { ...graph, text: graphText(graph, format) }
  },
})
