/** `doctor`: finds out what would keep runs from working. */
import { doctor as lookOver } from '../../../app/actions/system/doctor.ts'
import { appOptions } from '../app-options.ts'
import { defineCommand } from '../command.ts'
import { flag } from '../option.ts'
import { count } from '../output/quantity.ts'
import { tableLines } from '../output/table.ts'

const marks = { ok: '✓', warning: '!', fault: '✗' }
const colours = { ok: 'green', warning: 'yellow', fault: 'red' } as const

export const doctor = defineCommand({
  description:
    'Looks over the runtime, the token, the state folder, the disk, the store and its files, the sandbox and the terminal. Exits 1 when it finds a fault.',
  args: {},
  options: { json: flag('--json', 'print {ok, checks}'), ...appOptions },
  examples: [{ command: 'replicate-agent doctor', what: 'before the first run, or when something is odd' }],
  async run(context, given) {
    const app = await context.app({ ...given, sandboxInMemory: true })
    const { stdout, style } = context
    const terminal = { is_tty: stdout.isTTY === true, columns: stdout.columns ?? 0, colour: style.level > 0 }
    const report = await context.call(app, lookOver, { terminal })
    if (context.json) context.printJson(report)
    else {
      const rows = report.checks.map(({ name, status, message }) => [
        style[colours[status]](marks[status]),
        name,
        message,
      ])
      const lines = tableLines(rows, [{}, {}, {}], style.dim)
      for (const [at, line] of lines.entries()) {
        context.print(line)
        const hint = report.checks[at]?.hint
        if (hint !== undefined) context.print(`   ${style.cyan('help')}: ${hint}`)
      }
      const faults = report.checks.filter(({ status }) => status === 'fault').length
      context.print(`\n${report.ok ? 'nothing is in the way' : count(faults, 'fault')}`)
    }
    return report.ok ? 0 : 1
  },
})
