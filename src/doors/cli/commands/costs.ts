/** `costs`: what runs cost, by model, agent, workflow or day. */
import type { OutputOf } from '../../../app/action.ts'
import { costParts, costsOfRuns } from '../../../app/actions/runs/costs.ts'
import { defined } from '../../../std/defined.ts'
import { appOptions } from '../app-options.ts'
import { defineCommand } from '../command.ts'
import { choice, flag, text } from '../option.ts'
import { costLines, dayOf } from '../output/cost-lines.ts'
import { count, formatUsd } from '../output/quantity.ts'

type Costs = OutputOf<typeof costsOfRuns>

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
    for (const line of [...costLines(report, context.style), '', summaryOf(report)]) context.print(line)
    return undefined
  },
})

function summaryOf({ runs, total, unreadable_runs: unreadable }: Costs): string {
  const parts = [
    `${total.cost_usd === null ? 'an unknown cost' : formatUsd(total.cost_usd)} for ${count(total.calls, 'call')} of ${count(runs, 'run')}`,
  ]
  if (total.unknown_calls > 0) parts.push(`${count(total.unknown_calls, 'call')} of unknown cost`)
  if (total.open_calls > 0) parts.push(`${count(total.open_calls, 'call')} not settled`)
  if (unreadable.length > 0) parts.push(`${count(unreadable.length, 'run')} that can not be read`)
  return [parts[0], ...(parts.length > 1 ? [`besides ${parts.slice(1).join(', ')}`] : [])].join('; ')
}
