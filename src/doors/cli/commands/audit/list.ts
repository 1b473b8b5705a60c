/** `audit list`: calls, the latest first. */
import { listAudit } from '../../../../app/actions/audit/list.ts'
import type { LoggedCall } from '../../../../app/audit/filter.ts'
import { defined } from '../../../../std/defined.ts'
import { auditFilterOf, auditFilterOptions, auditOptions } from '../../audit-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, wholeNumber } from '../../option.ts'
import { auditColumns, auditRow } from '../../output/audit-lines.ts'
import { roomOn, tableLines } from '../../output/table.ts'

export const list = defineCommand({
  description:
    'Lists calls as the audit log has them, the latest first: whatever was called, by whom, and what came of it. `audit show` tells the whole of one.',
  args: {},
  options: {
    ...auditFilterOptions,
    limit: wholeNumber('--limit <n>', 'at most so many (default: 50)', 1),
    json: flag('--json', 'print {since, until, sandbox, records, more, unreadable_lines}'),
    ...auditOptions,
  },
  examples: [
    { command: 'replicate-agent audit list --since 1d', what: 'of the last day' },
    { command: 'replicate-agent audit list --agent writer --status failed', what: 'what failed of one agent' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const found = await context.call(app, listAudit, { ...auditFilterOf(given), ...defined({ limit: given.limit }) })
    if (context.json) return context.printJson(found)
    const { style, stdout } = context
    const rows = (found.records as LoggedCall[]).map((call) => auditRow(call, style))
    if (rows.length === 0)
      context.note(`no calls${given.sandbox ? ' in the sandbox' : ''} since ${found.since.slice(0, 10)}`)
    else for (const line of tableLines(rows, auditColumns, style.dim, roomOn(stdout))) context.print(line)
    if (found.more) context.note('there are older ones: --limit shows more')
    return undefined
  },
})
