/** `runs files`: the files of a run, listed or copied. */
import { filesOfOneRun } from '../../../../app/actions/runs/files.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, text } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { formatBytes } from '../../output/quantity.ts'
import { tableLines } from '../../output/table.ts'
import { runArgument } from '../../run-argument.ts'

export const files = defineCommand({
  description:
    'Lists the files that the steps of a run put out, with their paths, or copies them to a folder under their own names.',
  args: runArgument,
  options: {
    artifacts: text('--artifacts <folder>', 'copy them to this folder'),
    json: flag('--json', 'print {run_id, files}'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent runs files last', what: 'where they are' },
    { command: 'replicate-agent runs files last --artifacts out', what: 'copies in ./out' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const found = await context.call(app, filesOfOneRun, { run: given.run, ...defined({ artifacts: given.artifacts }) })
    if (context.json) return context.printJson(found)
    if (found.files.length === 0) {
      context.note(`run ${found.run_id} has no files`)
      return undefined
    }
    const { style, cwd } = context
    const rows = found.files.map((file) => [
      file.index === undefined ? file.step : `${file.step}[${file.index}]`,
      file.name,
      formatBytes(file.bytes),
      style.dim(file.media_type),
      file.missing ? style.dim('not here: the run was imported without it') : shortPath(file.path, cwd),
    ])
    for (const line of tableLines(rows, [{}, {}, { align: 'right' }, {}, {}], style.dim)) context.print(line)
    return undefined
  },
})
