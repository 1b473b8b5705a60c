/** `agents outdated`: which locked models have newer versions. */
import { outdatedAgents } from '../../../../app/actions/agents/outdated.ts'
import type { OutputOf } from '../../../../app/action.ts'
import { changesText } from '../../../../app/pins/schema-changes.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, zeroOrMore } from '../../option.ts'
import { printable } from '../../output/printable.ts'
import { shortPath } from '../../output/problem.ts'
import { count, formatAge } from '../../output/quantity.ts'
import type { Style } from '../../output/style.ts'
import { tableLines } from '../../output/table.ts'
import { compatibilityText, versionText } from '../../output/version-text.ts'

type Model = OutputOf<typeof outdatedAgents>['models'][number]

export const outdated = defineCommand({
  description:
    'Lists the models in replicate-agent.lock that have a newer version, and whether it takes and gives the same as the locked one.',
  args: { agent: zeroOrMore('agents, or models: owner/name (default: everything that is locked)') },
  options: {
    exitCode: flag('--exit-code', 'end with code 1 when something is outdated'),
    json: flag('--json', 'print {file, models}, the ones that are up to date, too'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent agents outdated', what: 'what is newer, and whether it would break something' },
    { command: 'replicate-agent agents outdated --exit-code', what: 'for a job that looks every week' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { file, models } = await context.call(app, outdatedAgents, { agents: given.agent })
    const old = models.filter((model) => model.outdated)
    const code = given.exitCode && old.length > 0 ? 1 : 0
    if (context.json) {
      context.printJson({ file, models })
      return code
    }
    const { style } = context
    const rows = old.map((model) => rowOf(model, context.clock.now(), style))
    const columns = ['model', 'locked', 'latest', 'published', 'change'].map((header) => ({ header }))
    for (const line of rows.length > 0 ? tableLines(rows, columns, style.dim) : []) context.print(line)
    context.note(sumUp(models.length, old, shortPath(file, context.cwd)))
    return code
  },
})

function rowOf({ model, locked, latest, compatible, changes, allowed }: Model, now: number, style: Style): string[] {
  if (!latest) return [style.bold(model), versionText(locked), style.red('gone'), '', '']
  const why = changes ? changesText(changes) : 'its schema is another'
  const what = why === '' ? '' : style.dim(`: ${printable(why)}`)
  const step =
    !compatible && allowed && allowed.version !== latest.version ? `; compatible up to ${versionText(allowed)}` : ''
  return [
    style.bold(model),
    versionText(locked),
    versionText(latest),
    latest.created_at === undefined ? '' : formatAge(Date.parse(latest.created_at), now),
    `${compatibilityText(compatible, style)}${what}${step}`,
  ]
}

function sumUp(all: number, old: readonly Model[], file: string): string {
  if (all === 0) return `${file} holds no models; \`replicate-agent agents pin --all\` locks those that are used here`
  if (old.length === 0) return `${count(all, 'locked model')}, and none has a newer version`
  const how = old.some(({ allowed }) => allowed)
    ? '`replicate-agent agents upgrade` takes what is compatible, --breaking the rest'
    : '`replicate-agent agents upgrade --breaking` takes the newest'
  return `${old.length} of ${count(all, 'locked model')} changed since: ${how}`
}
