/** `runs retry`: runs failed, named or changed steps again. */
import { retryRunAgain } from '../../../../app/actions/runs/retry.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, pinOptions, recordingOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { driveOptions, driveRun } from '../../drive.ts'
import { inputOptions, readInputs } from '../../input-options.ts'
import { dollars, flag, text, texts } from '../../option.ts'
import { noteReset } from '../../reset-lines.ts'
import { runArgument } from '../../run-argument.ts'

export const retry = defineCommand({
  description:
    'Begins a new attempt of a run that is over: what failed runs again, or the steps that are named, and everything that depends on them. The rest, and the history, is kept.',
  args: runArgument,
  options: {
    step: texts('--step <id>', 'run this step again, and what depends on it; may be repeated'),
    from: text('--from <id>', 'run this step and everything after it again'),
    failed: flag('--failed', 'run again what failed; this is also what happens without a choice'),
    definition: text('--definition <which>', '`current`, a file or a name: run again what differs from it'),
    dryRun: flag('--dry-run', 'only say what would run again'),
    ...inputOptions,
    budget: dollars('--budget <usd>', 'a new budget'),
    ...driveOptions,
    ...pinOptions,
    ...appOptions,
    ...recordingOptions,
  },
  examples: [
    { command: 'replicate-agent runs retry last', what: 'what failed' },
    { command: 'replicate-agent runs retry last --from judge --dry-run', what: 'what would run again' },
  ],
  async run(context, given) {
    const app = await context.app({ ...given, recordsOn: true })
    const { run, from, definition, budget: budget_usd, artifacts } = given
    if (given.failed && (given.step.length > 0 || from !== undefined || definition !== undefined)) {
      throw new UsageError('--failed is a choice of its own: leave out --step, --from and --definition')
    }
    const choice = { run, steps: given.step, ...defined({ from, definition }) }
    await noteReset(context, app, choice, given.dryRun)
    if (given.dryRun) return 0
    const input = { ...choice, ...(await readInputs(context, given)), ...defined({ budget_usd, artifacts }) }
    return driveRun(context, app, given, (more) => context.call(app, retryRunAgain, input, more))
  },
})
