/** `cache clear`: takes answers out of the cache of results. */
import type { OutputOf } from '../../../../app/action.ts'
import { clearCache } from '../../../../app/actions/cache/clear.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { age, flag, text } from '../../option.ts'
import { count, formatBytes, shortModel } from '../../output/quantity.ts'
import { type Column, roomOn, tableLines } from '../../output/table.ts'

export const clear = defineCommand({
  description:
    'Takes answers out of the cache of results, all of them or those that fit everything that is given; asks nothing. Other processes notice within a second. Files stay until `runs gc` finds that nothing needs them.',
  args: {},
  options: {
    agent: text('--agent <agent>', 'what calls of this agent (or of a model that a step named) paid for'),
    model: text('--model <model>', 'answers of this one: owner/name for every version, or owner/name:version'),
    olderThan: age('--older-than <age>', 'what was kept so long ago: 12h, 7d, 8w'),
    run: text('--run <run>', 'what a run kept, or with RUN/STEP one of its steps'),
    dryRun: flag('--dry-run', 'only say what would go'),
    ...appOptions,
    json: flag('--json', 'print {dry_run, cleared, entries, bytes}'),
  },
  examples: [
    { command: 'replicate-agent cache clear --dry-run', what: 'how much there is' },
    { command: 'replicate-agent cache clear --agent writer --older-than 7d', what: 'old answers of one agent' },
    { command: 'replicate-agent cache clear --run last/draw', what: 'what a step of the latest run kept' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { agent, model, olderThan: older_than_ms, dryRun: dry_run } = given
    const [run, step = ''] = given.run?.split('/', 2) ?? []
    const done = await context.call(app, clearCache, {
      ...defined({ agent, model, older_than_ms, run, step: step || undefined }),
      dry_run,
    })
    if (context.json) return context.printJson(done)
    const rows = done.cleared.map((each) => [
      ...[each.agent, each.agent === each.model ? '' : shortModel(each.model)],
      ...[String(each.entries), formatBytes(each.bytes)],
    ])
    if (rows.length > 1)
      for (const line of [...tableLines(rows, columns, context.style.dim, roomOn(context.stdout)), ''])
        context.print(line)
    context.print(sentence(done))
    return undefined
  },
})

const right = { align: 'right' } as const
const columns: readonly Column[] = [
  ...[
    { header: 'agent', least: 10 },
    { header: 'model', least: 16, keepsEnd: true },
  ],
  ...[
    { header: 'answers', ...right },
    { header: 'size', ...right },
  ],
]

function sentence({ dry_run, cleared, entries, bytes }: OutputOf<typeof clearCache>): string {
  if (entries === 0) return 'there is nothing to clear'
  const [only, ...others] = cleared
  const whose = only && others.length === 0 ? ` of "${only.agent}"` : ''
  return `${dry_run ? 'would clear' : 'cleared'} ${count(entries, 'answer')}${whose}, ${formatBytes(bytes)}`
}
