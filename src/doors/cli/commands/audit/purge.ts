/** `audit purge`: removes old days of the audit log. */
import { purgeAudit } from '../../../../app/actions/audit/purge.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { auditOptions } from '../../audit-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, text } from '../../option.ts'
import { count, formatBytes } from '../../output/quantity.ts'

export const purge = defineCommand({
  description:
    'Removes the days of the audit log that were over at a moment, and writes into the log that, and by whom: `audit verify` still holds. The configuration does the same by age, with `audit.retention`.',
  args: {},
  options: {
    before: text('--before <when>', 'an age such as 30d, or a date such as 2026-11-01'),
    dryRun: flag('--dry-run', 'only say what would go'),
    json: flag('--json', 'print {dry_run, before, days, records, bytes}'),
    ...auditOptions,
  },
  examples: [{ command: 'replicate-agent audit purge --before 30d --dry-run', what: 'what is older than 30 days' }],
  async run(context, given) {
    const { before, dryRun, sandbox } = given
    if (before === undefined) throw new UsageError('say how old days may go', { hint: 'with --before 30d' })
    const app = await context.app(given)
    const gone = await context.call(app, purgeAudit, { before, dry_run: dryRun, sandbox })
    if (context.json) return context.printJson(gone)
    const { days, records, bytes } = gone
    if (days.length === 0) return context.print(`nothing is older than ${gone.before.slice(0, 10)}`)
    const span = days.length === 1 ? days[0] : `${days[0]} to ${days.at(-1)}`
    const what = `${count(records, 'record')} of ${count(days.length, 'day')} (${span}): ${formatBytes(bytes)}`
    context.print(`${dryRun ? 'would remove' : 'removed'} ${what}`)
    return undefined
  },
})
