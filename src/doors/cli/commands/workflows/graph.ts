/** `workflows graph`: the steps and what needs what, as a drawing. */
import { graphWorkflow } from '../../../../app/actions/workflows/graph.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { choice, flag, required } from '../../option.ts'

export const graph = defineCommand({
  description: 'Draws the steps of a workflow. Dotted edges are implied: an expression mentions the step, `needs` does not.',
  args: { workflow: required('a file or a name') },
  options: {
    format: choice('--format <format>', 'how to draw it', ['tree', 'ascii', 'mermaid', 'dot', 'json'], 'tree'),
    sandbox: appOptions.sandbox,
    ...configOptions,
    json: flag('--json', 'the same as --format json'),
  },
  examples: [
    { command: 'replicate-agent workflows graph product_photo', what: 'a tree for the terminal' },
    { command: 'replicate-agent workflows graph product_photo --format mermaid', what: 'for Markdown' },
    { command: 'replicate-agent workflows graph product_photo --format dot | dot -Tsvg > graph.svg', what: 'with Graphviz' },
  ],
  async run(context, { workflow, format, config }) {
    const app = await context.app({ config })
    const wanted = context.json ? 'json' : format === 'ascii' ? 'tree' : format
    const drawn = await context.call(app, graphWorkflow, { workflow, format: wanted })
    if (drawn.text === undefined) context.printJson(drawn)
    else context.print(drawn.text)
  },
})
