/** `runs watch`: follows a run that another process drives. */
import { watchRun } from '../../../../app/actions/runs/watch.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { driveOptions, driveRun } from '../../drive.ts'
import { runArgument } from '../../run-argument.ts'

const { json, jsonl, output, tui, quiet } = driveOptions

export const watch = defineCommand({
  description:
    "Follows a run that another process drives, from its first event; Ctrl-C only ends the watching. The exit code is the run's.",
  args: runArgument,
  options: { json, jsonl, output, tui, quiet, ...appOptions },
  examples: [{ command: 'replicate-agent runs watch last', what: 'the run that was started last' }],
  async run(context, given) {
    const app = await context.app(given)
    return driveRun(context, app, given, (more) => context.call(app, watchRun, { run: given.run }, more))
  },
})
