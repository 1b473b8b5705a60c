/** `audit costs`: what calls cost, by the audit log. */
import { auditCostParts, auditCosts } from '../../../../app/actions/audit/costs.ts'
import { auditFilterOf, auditFilterOptions, auditOptions } from '../../audit-options.ts'
import { defineCommand } from '../../command.ts'
import { choice, flag } from '../../option.ts'
import { costLines, dayOf } from '../../output/cost-lines.ts'

export const costs = defineCommand({
  description:
    'Adds up what calls cost, each attempt once. `costs` does so from the journals of runs, which go with the runs; the audit log keeps what they cost for as long as `audit.retention` says.',
  args: {},
  options: {
    ...auditFilterOptions,
    by: choice('--by <what>', 'what to add up by', auditCostParts, 'model'),
    json: flag('--json', 'print {since, until, by, sandbox, rows, total, unreadable_lines}'),
    ...auditOptions,
  },
  examples: [
    { command: 'replicate-agent audit costs --since 7d --by day', what: 'day by day' },
    { command: 'replicate-agent audit costs --by user', what: 'by who called' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const report = await context.call(app, auditCosts, { ...auditFilterOf(given), by: given.by })
    if (context.json) return context.printJson(report)
    if (report.rows.length === 0)
      context.note(`no calls since ${dayOf(report.since)}${given.sandbox ? ' in the sandbox' : ''}`)
    else for (const line of costLines(report, context.style)) context.print(line)
    return undefined
  },
})
