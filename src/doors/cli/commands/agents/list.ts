/** `agents list`: the agents and models that the workflows here use. */
import { relative } from 'node:path'
import { listAgents } from '../../../../app/actions/agents/list.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../option.ts'
import { oneLine } from '../../output/printable.ts'
import { tableLines } from '../../output/table.ts'

export const list = defineCommand({
  description: 'Lists the agents of the configuration and of the workflows here, and the models that they call.',
  args: {},
  options: { sandbox: appOptions.sandbox, json: flag('--json', 'print {agents, models}'), ...configOptions },
  examples: [{ command: 'replicate-agent agents list', what: 'what can be called by name here' }],
  async run(context, { config }) {
    const app = await context.app({ config })
    const found = await context.call(app, listAgents, {})
    if (context.json) return context.printJson(found)
    const { style } = context
    const agents = found.agents.map(({ name, models, deployment, description, file, workflows }) => [
      style.bold(name),
      deployment ?? models.join(', '),
      oneLine(description ?? '', 60),
      style.dim(file === undefined ? 'a workflow' : relative(context.cwd, file) || file),
      style.dim(workflows.join(', ')),
    ])
    const models = found.models.map(({ model, workflows }) => [style.bold(model), style.dim(workflows.join(', '))])
    const lines = [
      ...(agents.length > 0
        ? tableLines(
            agents,
            [
              { header: 'agent' },
              { header: 'calls' },
              { header: 'description' },
              { header: 'stands in' },
              { header: 'used by' },
            ],
            style.dim,
          )
        : []),
      ...(agents.length > 0 && models.length > 0 ? [''] : []),
      ...(models.length > 0 ? tableLines(models, [{ header: 'model' }, { header: 'used by' }], style.dim) : []),
    ]
    if (lines.length === 0) context.note('neither the configuration nor the workflows here name agents or models')
    for (const line of lines) context.print(line)
    return undefined
  },
})
