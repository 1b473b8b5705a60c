/** `agents list`: the agents and models that the workflows here use. */
import { listAgents } from '../../../../app/actions/agents/list.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../option.ts'
import { oneLine } from '../../output/printable.ts'
import { tableLines } from '../../output/table.ts'

export const list = defineCommand({
  description: 'Lists the agents that the workflows here define, and the models that they call.',
  args: {},
  options: { sandbox: appOptions.sandbox, json: flag('--json', 'print {agents, models}') },
  examples: [{ command: 'replicate-agent agents list', what: 'what can be called by name here' }],
  async run(context) {
    const app = await context.app()
    const found = await context.call(app, listAgents, {})
    if (context.json) return context.printJson(found)
    const { style } = context
    const agents = found.agents.map(({ name, models, deployment, description, workflows }) => [
      style.bold(name),
      deployment ?? models.join(', '),
      oneLine(description ?? '', 60),
      style.dim(workflows.join(', ')),
    ])
    const models = found.models.map(({ model, workflows }) => [style.bold(model), style.dim(workflows.join(', '))])
    const lines = [
      ...(agents.length > 0
        ? tableLines(
            agents,
            [{ header: 'agent' }, { header: 'calls' }, { header: 'description' }, { header: 'used by' }],
            style.dim,
          )
        : []),
      ...(agents.length > 0 && models.length > 0 ? [''] : []),
      ...(models.length > 0 ? tableLines(models, [{ header: 'model' }, { header: 'used by' }], style.dim) : []),
    ]
    if (lines.length === 0) context.note('the workflows here name no agents or models')
    for (const line of lines) context.print(line)
    return undefined
  },
})
