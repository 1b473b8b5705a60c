/** `agents pin`: locks models at the version that they stand for now. */
import { pinAgents } from '../../../../app/actions/agents/pin.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, text, zeroOrMore } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { count } from '../../output/quantity.ts'
import { tableLines } from '../../output/table.ts'
import { compatibilityText, schemaLines, versionText } from '../../output/version-text.ts'

export const pin = defineCommand({
  description:
    'Finds out which version models stand for now, and writes it into replicate-agent.lock, where `version_pin` and --frozen look. docs/agents.md says more.',
  args: { agent: zeroOrMore('agents, or models: owner/name or owner/name:version') },
  options: {
    all: flag('--all', 'every model that workflows and agents here call'),
    version: text('--version <id>', 'this version (64 hex digits) of the one model that is named'),
    json: flag('--json', 'print {file, models}'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent agents pin --all', what: 'everything, as it is today' },
    { command: 'replicate-agent agents pin stability-ai/sdxl', what: 'one model' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { agent: agents, all, version } = given
    const pinned = await context.call(app, pinAgents, { agents, all, ...defined({ version }) })
    if (context.json) return context.printJson(pinned)
    const { style } = context
    const changed = pinned.models.filter((model) => model.changed)
    const rows = changed.map(({ model, before, after, compatible }) => [
      style.bold(model),
      style.dim(before ? versionText(before) : 'new'),
      versionText(after),
      compatibilityText(compatible, style),
    ])
    const columns = [{ header: 'model' }, { header: 'before' }, { header: 'now' }, {}]
    for (const line of rows.length > 0 ? tableLines(rows, columns, style.dim) : []) context.print(line)
    for (const { model, compatible, changes } of changed) {
      if (compatible !== false) continue
      context.print(`\n${style.bold(model)} has changed:`)
      for (const line of schemaLines(changes, style)) context.print(line)
    }
    const same = pinned.models.length - changed.length
    const file = shortPath(pinned.file, context.cwd)
    if (pinned.models.length === 0) context.note('nothing here names a model without its version')
    else if (changed.length === 0) context.note(`${file} has ${count(same, 'model')} at the same version already`)
    else context.note(`${file}: ${count(changed.length, 'model')} locked${same > 0 ? `, ${same} as before` : ''}`)
    return undefined
  },
})
