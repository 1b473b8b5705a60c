/** `audit show`: everything that the audit log says of one call. */
import { showAudit } from '../../../../app/actions/audit/show.ts'
import type { LoggedCall } from '../../../../app/audit/filter.ts'
import { auditOptions } from '../../audit-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, required } from '../../option.ts'
import { callLines } from '../../output/audit-lines.ts'

export const show = defineCommand({
  description:
    'Shows one call: who made it and where, every attempt with its error, where its time and its money went, and what was kept of input and output.',
  args: { id: required('its id, or the beginning of it') },
  options: { json: flag('--json', 'print the record'), ...auditOptions },
  examples: [{ command: 'replicate-agent audit show 01kamf2qd7', what: 'by the beginning of its id' }],
  async run(context, given) {
    const app = await context.app(given)
    const call = await context.call(app, showAudit, { id: given.id, sandbox: given.sandbox })
    if (context.json) return context.printJson(call)
    for (const line of callLines(call as LoggedCall, context.style)) context.print(line)
    return undefined
  },
})
