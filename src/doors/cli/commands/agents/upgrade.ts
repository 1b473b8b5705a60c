/** `agents upgrade`: moves locked models to newer versions. */
import { upgradeAgents } from '../../../../app/actions/agents/upgrade.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, text, zeroOrMore } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { count } from '../../output/quantity.ts'
import { compatibilityText, moveText, schemaLines, versionText } from '../../output/version-text.ts'

export const upgrade = defineCommand({
  description:
    'Moves models in replicate-agent.lock to the newest version that their `version_pin` allows, and shows what is different in it: of exact and minor, one that is compatible; of latest, any.',
  args: { agent: zeroOrMore('agents, or models: owner/name (default: everything that is locked)') },
  options: {
    to: text('--to <version>', 'this version of the one model that is named: 64 hex digits, or its tag'),
    breaking: flag('--breaking', 'also to versions that are not compatible'),
    dryRun: flag('--dry-run', 'only say what would change'),
    json: flag('--json', 'print {file, dry_run, models}'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent agents upgrade', what: 'everything, as far as it is compatible' },
    {
      command: 'replicate-agent agents upgrade stability-ai/sdxl --breaking --dry-run',
      what: 'what the newest would change',
    },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { agent: agents, to, breaking, dryRun: dry_run } = given
    const done = await context.call(app, upgradeAgents, { agents, breaking, dry_run, ...defined({ to }) })
    if (context.json) return context.printJson(done)
    const { style } = context
    for (const { model, before, after, held, gone, compatible, changes } of done.models) {
      if (gone) context.print(`${style.bold(model)}  ${style.red('gone')}: there is no such model any more`)
      const other = after ?? held
      if (!other) continue
      const way = after ? moveText(before, after) : `stays at ${versionText(before)}`
      context.print(`${style.bold(model)}  ${way}  ${compatibilityText(compatible, style)}`.trimEnd())
      for (const line of schemaLines(changes, style)) context.print(line)
      if (held) context.print(style.dim(`  ${versionText(held)} is newer, and not compatible: --breaking takes it`))
    }
    const moved = done.models.filter(({ after }) => after).length
    const file = shortPath(done.file, context.cwd)
    if (done.models.length === 0) context.note(`${file} holds no models`)
    else if (moved === 0) context.note(`${file} stays as it is`)
    else context.note(`${file}: ${count(moved, 'model')} ${dry_run ? 'would be moved' : 'moved'}`)
    return undefined
  },
})
