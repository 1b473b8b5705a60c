/** `runs cancel`: cancels a run, whoever drives it. */
import { cancelOpenRun } from '../../../../app/actions/runs/cancel.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { driveOptions, driveRun } from '../../drive.ts'
import { runArgument } from '../../run-argument.ts'

const { json, jsonl, output, tui, quiet } = driveOptions

export const cancel = defineCommand({
  description:
    'Cancels a run: no more steps are started, what is in flight is cancelled at Replicate, `finally` runs. With no process driving it, this one does that.',
  args: runArgument,
  options: { json, jsonl, output, tui, quiet, ...appOptions },
  examples: [{ command: 'replicate-agent runs cancel last', what: 'the run that was started last' }],
  async run(context, given) {
    const app = await context.app(given)
    let cancelled = false
    const code = await driveRun(context, app, given, async (more) => {
      const run = await context.call(app, cancelOpenRun, { run: given.run }, more)
      cancelled = run.status === 'cancelled'
      return run
    })
    // It is what was asked for, not a failure.
    return cancelled ? 0 : code
  },
})
