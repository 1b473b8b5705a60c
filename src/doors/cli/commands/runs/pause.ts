/** `runs pause`: starts no more steps of a run that another process drives. */
import { pauseDrivenRun } from '../../../../app/actions/runs/pause.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../option.ts'
import { runArgument } from '../../run-argument.ts'

export const pause = defineCommand({
  description:
    'Asks the process that drives a run to start no more steps. What is in flight ends; then the run waits for `runs resume`.',
  args: runArgument,
  options: { json: flag('--json', 'print the run as JSON'), ...appOptions },
  examples: [{ command: 'replicate-agent runs pause last', what: 'let it end what it has begun' }],
  async run(context, given) {
    const app = await context.app(given)
    const run = await context.call(app, pauseDrivenRun, { run: given.run })
    if (context.json) context.printJson(run)
    else context.print(`run ${run.run_id} was asked to pause; go on with: replicate-agent runs resume ${run.run_id}`)
  },
})
