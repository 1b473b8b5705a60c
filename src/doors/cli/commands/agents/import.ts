/** `agents import`: models of Replicate, written into the configuration as agents. */
import { importAgents } from '../../../../app/actions/agents/import.ts'
import type { Json } from '../../../../std/json.ts'
import { jsonChanges } from '../../../../std/json-changes.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, oneOrMore, text } from '../../option.ts'
import { changeLines } from '../../output/change-lines.ts'
import { printable } from '../../output/printable.ts'
import { shortPath } from '../../output/problem.ts'

const mostLines = 40

export const importCommand = defineCommand({
  description:
    'Reads models from Replicate and writes each into the nearest replicate-agent.yaml as an agent: its description and the schema of its input. What else is in the file stays as it is.',
  args: { models: oneOrMore('owner/name or owner/name:version') },
  options: {
    as: text('--as <name>', 'the name of the agent (default: that of the model)'),
    to: text('--to <file>', 'the configuration to write into (default: the nearest, else a new one here)'),
    force: flag('--force', 'replace an agent of that name'),
    sandbox: appOptions.sandbox,
    ...configOptions,
    json: flag('--json', 'print {file, created, agents}'),
  },
  examples: [
    {
      command: 'replicate-agent agents import black-forest-labs/flux-schnell --as painter --sandbox',
      what: 'a model as an agent of your own, to give defaults and policies',
    },
  ],
  async run(context, given) {
    const { models, as, to, force } = given
    const app = await context.app(given)
    const done = await context.call(app, importAgents, { models, as, to, force })
    if (context.json) return context.printJson(done)
    const { style, cwd } = context
    for (const { name, text: lines, before, agent } of done.agents) {
      if (before === undefined) {
        const shown = printable(lines).trimEnd().split('\n')
        for (const line of shown.slice(0, mostLines)) context.print(line)
        if (shown.length > mostLines) context.print(style.dim(`  … ${shown.length - mostLines} more lines`))
        continue
      }
      const changes = jsonChanges(before as Json, agent as Json)
      context.print(`${style.bold(name)}${changes.length === 0 ? ' is as it was' : ' was replaced:'}`)
      for (const line of await changeLines(changes, { style, cwd })) context.print(line)
    }
    const [first] = done.agents
    context.note('')
    context.note(style.dim(`${done.created ? 'made' : 'changed'} ${shortPath(done.file, cwd)}`))
    context.note(style.dim(`next: replicate-agent agents show ${first?.name}`))
    return undefined
  },
})
