/** `router import`: takes in what another machine learned. */
import { importRouter } from '../../../../app/actions/router/import.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, required } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { oneLine } from '../../output/printable.ts'
import { count, shortModel } from '../../output/quantity.ts'
import { tableLines } from '../../output/table.ts'

export const importCommand = defineCommand({
  description:
    'Adds what a file of `router export` knows to what was learned here. The same file twice changes nothing, nor does an older one of the same machine. The file is checked whole before anything is touched.',
  args: { file: required('that `router export` or `router merge` wrote') },
  options: {
    sandbox: flag('--sandbox', 'into what calls in the sandbox taught'),
    ...configOptions,
    checkpointDir: appOptions.checkpointDir,
    json: flag('--json', 'print {file, changed, writers, models}'),
  },
  examples: [{ command: 'replicate-agent router import learned.json', what: 'then: router stats' }],
  async run(context, given) {
    const app = await context.app(given)
    const done = await context.call(app, importRouter, { file: given.file, sandbox: given.sandbox })
    if (context.json) return context.printJson(done)
    if (done.models.length === 0) {
      context.print('nothing in it is new here')
      return undefined
    }
    const rows = done.models.map(({ agent, model, calls_before, calls }) => [
      ...[context.style.bold(oneLine(agent, 40)), oneLine(shortModel(model), 60)],
      ...[String(calls_before), String(calls)],
    ])
    const right = { align: 'right' } as const
    const columns = [
      { header: 'agent' },
      { header: 'model' },
      { header: 'calls before', ...right },
      { header: 'now', ...right },
    ]
    for (const line of [...tableLines(rows, columns, context.style.dim), '']) context.print(line)
    const { added, updated } = done.writers
    const from = [...(added > 0 ? [`${added} new`] : []), ...(updated > 0 ? [`${updated} known before`] : [])].join(
      ', ',
    )
    context.print(
      `${shortPath(done.file, context.cwd)}: ${count(done.models.length, 'model')} from ${count(added + updated, 'machine')} (${from})`,
    )
    return undefined
  },
})
