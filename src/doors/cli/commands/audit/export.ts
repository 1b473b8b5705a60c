/** `audit export`: the audit log for elsewhere. */
import { exportAudit, exportFormats } from '../../../../app/actions/audit/export.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { auditFilterOf, auditFilterOptions, auditOptions } from '../../audit-options.ts'
import { defineCommand } from '../../command.ts'
import { choice, flag, text } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { count } from '../../output/quantity.ts'

export const exportCommand = defineCommand({
  description:
    'Writes the audit log as JSON lines, as they stand there, or calls as CSV. JSON lines of which nothing was left out but by time can be checked with `audit verify FILE`.',
  args: {},
  options: {
    ...auditFilterOptions,
    format: choice('--format <format>', 'what to write', exportFormats, 'jsonl'),
    output: text('-o, --output <file>', 'where to (default: stdout)'),
    json: flag(
      '--json',
      'print {since, until, sandbox, format, records, whole, file, unreadable_lines}; needs --output',
    ),
    ...auditOptions,
  },
  examples: [
    { command: 'replicate-agent audit export --since 30d -o audit.jsonl', what: 'of the last 30 days' },
    {
      command: 'replicate-agent audit export --format csv --agent writer',
      what: 'calls of one agent, for a spreadsheet',
    },
  ],
  async run(context, given) {
    const { format, output: file } = given
    if (context.json && file === undefined) throw new UsageError('--json needs --output', { hint: 'name a file' })
    const app = await context.app(given)
    const asked = { ...auditFilterOf(given), format, ...defined({ file }) }
    const done = await context.call(app, exportAudit, asked, { piece: (text) => void context.stdout.write(text) })
    if (context.json) return context.printJson(done)
    const told = count(done.records, 'record')
    if (done.file === undefined) context.note(told)
    else context.print(`${shortPath(done.file, context.cwd)}: ${told}`)
    return undefined
  },
})
