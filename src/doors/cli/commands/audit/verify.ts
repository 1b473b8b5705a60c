/** `audit verify`: whether the audit log is as it was written. */
import type { OutputOf } from '../../../../app/action.ts'
import { verifyAudit } from '../../../../app/actions/audit/verify.ts'
import { auditOptions } from '../../audit-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag, zeroOrMore } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { count } from '../../output/quantity.ts'

type Verified = OutputOf<typeof verifyAudit>

export const verify = defineCommand({
  description:
    'Checks the hash chain of the audit log: that no line was changed, removed, added or moved, and that its end is there. Tells the first line that is wrong, and exits 1. Files of a log that was exported or copied can be checked too; of them nobody knows where they should end.',
  args: { files: zeroOrMore('files of one log, in order (default: the log of the state folder)') },
  options: {
    json: flag('--json', 'print {valid, files, lines, calls, first, last, fault, notes}'),
    ...auditOptions,
  },
  examples: [
    { command: 'replicate-agent audit verify', what: 'the log of the state folder' },
    { command: 'replicate-agent audit verify audit.jsonl', what: 'an exported one' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { files, sandbox } = given
    const found = await context.call(app, verifyAudit, { files, sandbox })
    if (context.json) context.printJson(found)
    else for (const line of verifiedLines(found, context)) context.print(line)
    return found.valid ? 0 : 1
  },
})

function verifiedLines({ fault, notes, files, lines, calls, last }: Verified, context: CommandContext): string[] {
  const { style, cwd } = context
  const shown = (text: string) => text.replaceAll(`${cwd}/`, '')
  const told = notes.map((note) => `${style.yellow('note')}  ${shown(note)}`)
  if (fault) {
    const where = `${shortPath(fault.file, cwd)}:${fault.line}`
    return [...told, `${style.red(fault.what)}  ${where}: ${shown(fault.message)}`]
  }
  if (!last) return [...told, 'the audit log is empty']
  const size = `${count(lines, 'line')} with ${count(calls, 'call')} in ${count(files, 'file')}`
  return [...told, `${style.green('valid')}  ${size}`, style.dim(`ends with number ${last.seq}, hash ${last.hash}`)]
}
