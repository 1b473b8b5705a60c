/** `router export`: writes what was learned into a file for another machine. */
import { exportRouter } from '../../../../app/actions/router/export.ts'
import { exchangeTextOf } from '../../../../app/router/exchange-file.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, text } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { count, formatBytes } from '../../output/quantity.ts'

export const exportCommand = defineCommand({
  description:
    'Writes what was learned of models here into one file: to keep it, or for `router import` on another machine. Names of agents, models, steps and tasks are in it; inputs, answers and runs are not.',
  args: {},
  options: {
    output: text('-o, --output <file>', 'where to (default: stdout)'),
    sandbox: flag('--sandbox', 'what calls in the sandbox taught'),
    ...configOptions,
    checkpointDir: appOptions.checkpointDir,
    json: flag('--json', 'print {agents, models, calls, …}, with the statistics unless -o is given'),
  },
  examples: [
    { command: 'replicate-agent router export -o learned.json', what: 'into a file' },
    { command: 'replicate-agent router export --sandbox', what: 'what calls in the sandbox taught, to stdout' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { sandbox, output: file } = given
    const done = await context.call(app, exportRouter, { ...defined({ file }), sandbox })
    if (context.json) return context.printJson(done)
    if (done.calls === 0) context.note('nothing was learned yet: there are no calls in it')
    if (done.statistics) context.print(exchangeTextOf(done.statistics).trimEnd())
    else context.print(`${shortPath(done.file ?? '', context.cwd)}: ${what(done)}; ${formatBytes(done.bytes ?? 0)}`)
    return undefined
  },
})

function what({ agents, models, calls }: { agents: number; models: number; calls: number }): string {
  return `${count(agents, 'agent')}, ${count(models, 'model')}, ${count(calls, 'call')}`
}
