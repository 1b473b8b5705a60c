/** `costs`: what runs cost, by model, agent, workflow or day. */
import type { OutputOf } from '../../../app/action.ts'
import { costParts, costsOfRuns } from '../../../app/actions/runs/costs.ts'
import { defined } from '../../../std/defined.ts'
import { appOptions } from '../app-options.ts'
import { defineCommand } from '../command.ts'
import type { CommandContext } from '../context.ts'
import { choice, flag, text } from '../option.ts'
import { count, formatUsd } from '../output/quantity.ts'
import { oneLine } from '../output/printable.ts'
import { tableLines } from '../output/table.ts'

type Costs = OutputOf<typeof costsOfRuns>
type Sums = Costs['total']

export const costs = defineCommand({
  description:
    'Adds up what the runs in the store cost, failed and cancelled calls included. What is unknown is counted apart, and never taken for nothing. Days are those of UTC. With --sandbox: what the runs of the sandbox would have cost.',
  args: {},
  options: {
    since: text('--since <when>', 'an age such as 7d or 12h, or a date such as 2026-11-01 (default: 30d)'),
    by: choice('--by <what>', 'what to add up by', costParts, 'model'),
    json: flag('--json', 'print {since, until, by, sandbox, runs, unreadable_runs, rows, total}'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent costs', what: 'of the last 30 days, by model' },
    { command: 'replicate-agent costs --since 7d --by day', what: 'day by day' },
    { command: 'replicate-agent costs --since 2026-11-01 --by workflow', what: 'since a day, by workflow' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { since, by, sandbox } = given
    const report = await context.call(app, costsOfRuns, defined({ since, by, sandbox }))
    if (context.json) return context.printJson(report)
    if (report.rows.length === 0) {
      context.note(`no calls since ${dayOf(report.since)}${sandbox ? ' in the sandbox' : ''}`)
      return undefined
    }
    for (const line of costLines(report, context)) context.print(line)
    return undefined
  },
})

function costLines(report: Costs, { style }: Pick<CommandContext, 'style'>): string[] {
  const right = { align: 'right' } as const
  const columns = [
    { header: report.by },
    { header: 'calls', ...right },
    { header: 'cost', ...right },
    { header: 'unknown', ...right },
    { header: 'open', ...right },
    { header: 'failed', ...right },
    { header: 'cached', ...right },
    { header: 'saved', ...right },
  ]
  const rows = report.rows.map((row) => [oneLine(row.key ?? '(none)', 80), ...cellsOf(row)])
  if (report.rows.length > 1) rows.push(['total', ...cellsOf(report.total)].map((cell) => style.bold(cell)))
  const title = `since ${dayOf(report.since)}${report.sandbox ? ', in the sandbox: nothing of it was paid' : ''}`
  return [style.dim(title), '', ...tableLines(rows, columns, style.dim), '', summaryOf(report)]
}

function cellsOf(sums: Sums): string[] {
  const few = (number: number) => (number === 0 ? '' : String(number))
  return [
    String(sums.calls),
    formatUsd(sums.cost_usd),
    few(sums.unknown_calls),
    few(sums.open_calls),
    sums.failed_calls === 0 ? '' : `${sums.failed_calls} for ${formatUsd(sums.failed_usd)}`,
    few(sums.cached_calls),
    sums.cached_calls === 0 ? '' : formatUsd(sums.saved_usd),
  ]
}

function summaryOf({ runs, total, unreadable_runs: unreadable }: Costs): string {
  const parts = [
    `${total.cost_usd === null ? 'an unknown cost' : formatUsd(total.cost_usd)} for ${count(total.calls, 'call')} of ${count(runs, 'run')}`,
  ]
  if (total.unknown_calls > 0) parts.push(`${count(total.unknown_calls, 'call')} of unknown cost`)
  if (total.open_calls > 0) parts.push(`${count(total.open_calls, 'call')} not settled`)
  if (unreadable.length > 0) parts.push(`${count(unreadable.length, 'run')} that can not be read`)
  return [parts[0], ...(parts.length > 1 ? [`besides ${parts.slice(1).join(', ')}`] : [])].join('; ')
}

/** `2026-11-14`, with the time where it is not midnight. */
function dayOf(iso: string): string {
  return iso.replace('T00:00:00.000Z', '').replace(/T(\d\d:\d\d).*$/, ' $1 UTC')
}
