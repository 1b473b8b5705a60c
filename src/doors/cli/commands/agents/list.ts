/** `agents list`: the agents and models that can be named from here. */
import { listAgents } from '../../../../app/actions/agents/list.ts'
import type { OutputOf } from '../../../../app/action.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag, text } from '../../option.ts'
import { placeText } from '../../output/place-text.ts'
import { oneLine } from '../../output/printable.ts'
import { formatAge, formatCount, shortModel } from '../../output/quantity.ts'
import { roomOn, tableLines } from '../../output/table.ts'

type Listed = OutputOf<typeof listAgents>

export const list = defineCommand({
  description:
    'Lists the agents of the configuration and of the workflows here with where each is defined, and the models that they call, with what was read of them before.',
  args: {},
  options: {
    tag: text('--tag <word>', 'only agents that have this tag, and their models'),
    refresh: flag('--refresh', 'ask Replicate for what it says of each model now'),
    sandbox: appOptions.sandbox,
    json: flag('--json', 'print {agents, models}'),
    ...configOptions,
  },
  examples: [
    { command: 'replicate-agent agents list', what: 'what can be called by name here' },
    { command: 'replicate-agent agents list --tag drafts', what: 'some of them' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { tag, refresh } = given
    const found = await context.call(app, listAgents, { ...defined({ tag }), refresh })
    if (context.json) return context.printJson(found)
    const agents = agentLines(found.agents, context)
    const models = modelLines(found.models, context)
    if (agents.length + models.length === 0) context.note(nothing(tag))
    for (const line of [...agents, ...(agents.length > 0 && models.length > 0 ? [''] : []), ...models])
      context.print(line)
    return undefined
  },
})

function nothing(tag: string | undefined): string {
  if (tag !== undefined) return `no agent has the tag "${oneLine(tag, 60)}"`
  return 'neither the configuration nor the workflows here name agents or models'
}

function agentLines(agents: Listed['agents'], { style, cwd, stdout }: CommandContext): string[] {
  const rows = agents.map(({ name, models, deployment, description = '', tags = [], place, workflows }) => [
    style.bold(name),
    deployment ?? oneLine(models.map(shortModel).join(', '), 60),
    oneLine(description, 50),
    style.cyan(tags.join(' ')),
    style.dim(placeText(place, cwd)),
    style.dim(oneLine(workflows.join(', '), 40)),
  ])
  const columns = [
    { header: 'agent' },
    { header: 'calls', least: 20 },
    { header: 'description', spare: 1 },
    { header: 'tags', spare: 2 },
    { header: 'defined in', least: 12 },
    { header: 'used by', spare: 3 },
  ]
  return rows.length === 0 ? [] : tableLines(rows, columns, style.dim, roomOn(stdout))
}

function modelLines(models: Listed['models'], { style, clock, stdout }: CommandContext): string[] {
  const rows = models.map(({ model, description = '', run_count, version = '', read_at, workflows }) => [
    style.bold(shortModel(model)),
    run_count === undefined ? '' : formatCount(run_count),
    version.slice(0, 8),
    style.dim(oneLine(description, 40)),
    read_at === undefined ? '' : style.dim(formatAge(Date.parse(read_at), clock.now())),
    style.dim(oneLine(workflows.join(', '), 40)),
  ])
  const right = { align: 'right' } as const
  const columns = [
    { header: 'model', least: 16, keepsEnd: true },
    { header: 'runs', ...right },
    { header: 'latest', spare: 1 },
    { header: 'description', least: 16 },
    { header: 'read', spare: 2 },
    { header: 'used by', spare: 3 },
  ]
  return rows.length === 0 ? [] : tableLines(rows, columns, style.dim, roomOn(stdout))
}
