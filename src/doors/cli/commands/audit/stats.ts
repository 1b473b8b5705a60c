/** `audit stats`: how calls went. */
import type { OutputOf } from '../../../../app/action.ts'
import { auditStats, statsParts } from '../../../../app/actions/audit/stats.ts'
import { formatDuration } from '../../../../std/duration.ts'
import { auditFilterOf, auditFilterOptions, auditOptions } from '../../audit-options.ts'
import { defineCommand } from '../../command.ts'
import { choice, flag } from '../../option.ts'
import { oneLine } from '../../output/printable.ts'
import { roomOn, tableLines } from '../../output/table.ts'

type Figures = OutputOf<typeof auditStats>['total']

export const stats = defineCommand({
  description:
    'Shows how calls went: how many failed, how many the cache answered, and how long those took that succeeded and were called: half of them at most p50, 95 and 99 of 100 at most p95 and p99.',
  args: {},
  options: {
    ...auditFilterOptions,
    by: choice('--by <what>', 'what to count by', statsParts, 'agent'),
    json: flag('--json', 'print {since, until, by, sandbox, rows, total, unreadable_lines}'),
    ...auditOptions,
  },
  examples: [
    { command: 'replicate-agent audit stats --since 7d', what: 'of the last week, by agent' },
    { command: 'replicate-agent audit stats --by model --agent writer', what: 'the models of one agent' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const found = await context.call(app, auditStats, { ...auditFilterOf(given), by: given.by })
    if (context.json) return context.printJson(found)
    const { style, stdout } = context
    if (found.rows.length === 0) {
      context.note(`no calls${given.sandbox ? ' in the sandbox' : ''} since ${found.since.slice(0, 10)}`)
      return undefined
    }
    const right = { align: 'right' } as const
    const columns = [
      { header: found.by, least: 14, keepsEnd: found.by === 'model' },
      ...[
        { header: 'calls', ...right },
        { header: 'failed', ...right },
        { header: 'errors', ...right },
      ],
      ...[
        { header: 'p50', ...right },
        { header: 'p95', ...right },
        { header: 'p99', ...right, spare: 1 },
      ],
      ...[
        { header: 'cached', ...right },
        { header: 'hit rate', ...right, spare: 2 },
      ],
    ]
    const rows = found.rows.map(({ key, ...figures }) => [oneLine(key ?? '(none)', 80), ...cellsOf(figures)])
    if (rows.length > 1) rows.push(['total', ...cellsOf(found.total)].map((cell) => style.bold(cell)))
    for (const line of tableLines(rows, columns, style.dim, roomOn(stdout))) context.print(line)
    return undefined
  },
})

function cellsOf({ calls, failed, error_rate, latency_ms, cached, cache_rate }: Figures): string[] {
  const few = (number: number) => (number === 0 ? '' : String(number))
  const rate = (share: number | null) =>
    share === null ? '' : `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`
  const time = (ms: number | null) => (ms === null ? '' : formatDuration(ms))
  const { p50, p95, p99 } = latency_ms
  return [
    ...[String(calls), few(failed), rate(error_rate)],
    ...[time(p50), time(p95), time(p99)],
    ...[few(cached), rate(cache_rate)],
  ]
}
