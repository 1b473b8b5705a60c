/** `cache stats`: what is in the cache of results, and what it was good for. */
import type { OutputOf } from '../../../../app/action.ts'
import { cacheStats } from '../../../../app/actions/cache/stats.ts'
import { formatDuration } from '../../../../std/duration.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../option.ts'
import { count, formatBytes, formatUsd, shortModel } from '../../output/quantity.ts'
import { type Column, roomOn, tableLines } from '../../output/table.ts'

type Stats = OutputOf<typeof cacheStats>
type Sums = Stats['total']

export const stats = defineCommand({
  description:
    'Shows what the cache of results holds, by agent and model, how often it answered, and what that saved. Counts go on for ever; what is kept belongs to the agent whose call it was.',
  args: {},
  options: { ...appOptions, json: flag('--json', 'print {rows, total, limits}') },
  examples: [
    { command: 'replicate-agent cache stats', what: 'of real calls' },
    { command: 'replicate-agent cache stats --sandbox', what: 'of the sandbox' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const report = await context.call(app, cacheStats, {})
    if (context.json) return context.printJson(report)
    const { rows, total } = report
    if (rows.length === 0) {
      context.note('nothing is kept, and nothing was asked for: an agent keeps its answers with `cache: true`')
      return undefined
    }
    const { style } = context
    const cells = rows.map((row) => [row.agent, row.agent === row.model ? '' : shortModel(row.model), ...cellsOf(row)])
    if (rows.length > 1) cells.push(['total', '', ...cellsOf(total)].map((cell) => style.bold(cell)))
    for (const line of tableLines(cells, columns, style.dim, roomOn(context.stdout))) context.print(line)
    context.print('')
    context.print(summaryOf(report))
    return undefined
  },
})

const right = { align: 'right' } as const
const columns: readonly Column[] = [
  ...[
    { header: 'agent', least: 10 },
    { header: 'model', least: 16, keepsEnd: true },
    { header: 'answers', ...right },
    { header: 'size', ...right },
  ],
  ...[
    { header: 'hits', ...right },
    { header: 'misses', ...right, spare: 1 },
    { header: 'hit rate', ...right },
  ],
  ...[
    { header: 'saved', ...right },
    { header: 'time saved', ...right, spare: 2 },
  ],
]

function cellsOf({ entries, bytes, hits, misses, hit_rate, saved_usd, unknown_hits, saved_ms }: Sums): string[] {
  const money = saved_usd === 0 && unknown_hits > 0 ? '?' : formatUsd(saved_usd)
  return [
    ...[String(entries), formatBytes(bytes), String(hits), String(misses)],
    hit_rate === null ? '' : `${Math.round(hit_rate * 100)}%`,
    ...(hits === 0 ? ['', ''] : [money, formatDuration(saved_ms)]),
  ]
}

function summaryOf({ total, limits }: Stats): string {
  const kept = `${count(total.entries, 'answer')} of at most ${limits.max_entries}, ${formatBytes(total.bytes)} of at most ${formatBytes(limits.max_bytes)}`
  return total.unknown_hits === 0 ? kept : `${kept}; ${count(total.unknown_hits, 'hit')} saved an unknown cost`
}
