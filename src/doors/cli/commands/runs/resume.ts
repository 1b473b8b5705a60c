/** `runs resume`: goes on with a run. */
import { planOfResume } from '../../../../app/actions/runs/plan.ts'
import { resumeStoppedRun } from '../../../../app/actions/runs/resume.ts'
import { retryRunAgain } from '../../../../app/actions/runs/retry.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, pinOptions, recordingOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { driveOptions, driveRun } from '../../drive.ts'
import { inputOptions, readInputs } from '../../input-options.ts'
import { dollars, flag, text } from '../../option.ts'
import { planLines } from '../../output/plan-lines.ts'
import { runArgument } from '../../run-argument.ts'
import { noteReset } from '../../reset-lines.ts'

export const resume = defineCommand({
  description:
    'Goes on with a run that was interrupted, paused, cancelled or failed. What is settled is kept; predictions that were in flight are asked for again, never created twice.',
  args: runArgument,
  options: {
    ...inputOptions,
    ...driveOptions,
    budget: dollars('--budget <usd>', 'a new budget'),
    takeOver: flag('--take-over', 'end a driver on this machine that is stopped (Ctrl-Z), and go on'),
    definition: text(
      '--definition <which>',
      '`current`, a file or a name: run again what differs from the definition of the run',
    ),
    dryRun: flag('--dry-run', 'show what would happen, and the money that it saves'),
    ...pinOptions,
    ...appOptions,
    ...recordingOptions,
  },
  examples: [
    { command: 'replicate-agent runs resume last', what: 'after a crash, or Ctrl-C' },
    { command: 'replicate-agent runs resume last --budget 2.50', what: 'after the budget was used up' },
    { command: 'replicate-agent runs resume last --definition current', what: 'with the file as it is now' },
  ],
  async run(context, given) {
    const app = await context.app({ ...given, recordsOn: true })
    const { run, definition, budget: budget_usd, artifacts, takeOver: take_over } = given
    if (given.dryRun && definition === undefined) {
      const plan = await context.call(app, planOfResume, { run })
      if (context.json) context.printJson(plan)
      else for (const line of planLines(plan, context)) context.print(line)
      return 0
    }
    if (definition !== undefined) {
      await noteReset(context, app, { run, definition }, given.dryRun)
      if (given.dryRun) return 0
    }
    const input = { run, ...(await readInputs(context, given)), ...defined({ budget_usd, artifacts }) }
    return driveRun(context, app, given, (more) =>
      definition === undefined
        ? context.call(app, resumeStoppedRun, { ...input, take_over }, more)
        : context.call(app, retryRunAgain, { ...input, definition }, more),
    )
  },
})
