/** `router merge`: puts exported files together into one. */
import { mergeRouter } from '../../../../app/actions/router/merge.ts'
import { exchangeTextOf } from '../../../../app/router/exchange-file.ts'
import { defined } from '../../../../std/defined.ts'
import { defineCommand } from '../../command.ts'
import { flag, oneOrMore, text } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { count, formatBytes } from '../../output/quantity.ts'

export const merge = defineCommand({
  description:
    'Puts files of `router export` together into one; what was learned here stays as it is. Of each machine the latest file counts, so neither their order nor giving one twice makes a difference.',
  args: { files: oneOrMore('that `router export` or `router merge` wrote') },
  options: {
    output: text('-o, --output <file>', 'where to (default: stdout)'),
    json: flag('--json', 'print {from, agents, models, calls, …}, with the statistics unless -o is given'),
  },
  examples: [{ command: 'replicate-agent router merge laptop.json ci.json -o all.json', what: 'of two machines' }],
  async run(context, given) {
    const app = await context.app({ config: false })
    const files = given.files as [string, ...string[]]
    const done = await context.call(app, mergeRouter, { files, ...defined({ output: given.output }) })
    if (context.json) return context.printJson(done)
    for (const { file, ...one } of done.from) context.note(`${shortPath(file, context.cwd)}: ${what(one)}`)
    if (done.statistics) context.print(exchangeTextOf(done.statistics).trimEnd())
    else context.print(`${shortPath(done.file ?? '', context.cwd)}: ${what(done)}; ${formatBytes(done.bytes ?? 0)}`)
    return undefined
  },
})

function what({ writers, models, calls }: { writers: number; models: number; calls: number }): string {
  return `${count(calls, 'call')} of ${count(models, 'model')} from ${count(writers, 'machine')}`
}
