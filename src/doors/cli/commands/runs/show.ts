/** `runs show`: everything about one run. */
import { showRun } from '../../../../app/actions/runs/show.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { nextLines } from '../../next-command.ts'
import { flag } from '../../option.ts'
import { errorLinesOf, fileLines, filesOf, headline, outputLines, stepLines } from '../../output/run-summary.ts'
import { runArgument } from '../../run-argument.ts'

export const show = defineCommand({
  description: 'Shows a run: its steps, outputs and files, its last checkpoint, what it waits for, and how to go on.',
  args: runArgument,
  options: { json: flag('--json', 'print the run as JSON'), ...appOptions },
  examples: [{ command: 'replicate-agent runs show last', what: 'the latest run' }],
  async run(context, given) {
    const app = await context.app(given)
    const run = await context.call(app, showRun, { run: given.run })
    if (context.json) return context.printJson(run)
    const { style, cwd, stdout } = context
    const look = { style, cwd, columns: stdout.columns ?? 100 }
    const { last_checkpoint: checkpoint, driver, interrupted } = run
    const driven =
      driver && !interrupted && run.status === 'running' ? `driven by process ${driver.pid} on ${driver.host}` : ''
    const lines = [
      headline(run, look),
      style.dim(
        `  started ${run.created_at}; last checkpoint ${checkpoint.seq} at ${checkpoint.time}${run.attempt > 1 ? `; attempt ${run.attempt}` : ''}${run.imported_at === undefined ? '' : `; imported ${run.imported_at}`}`,
      ),
      ...(driven === '' ? [] : [`  ${driven}${driver?.state === 'stopped' ? ', which is stopped (Ctrl-Z?)' : ''}`]),
      ...stepLines(run, look),
      ...outputLines(run, look),
      ...fileLines(filesOf(run), look),
      ...errorLinesOf(run, look),
      ...(driven === '' ? await nextLines(context, app, given, run) : []),
    ]
    for (const line of lines) context.print(line)
    return undefined
  },
})
