/** What `runs approve` and `runs reject` share. */
import type { ActionContext, OutputOf } from '../../app/action.ts'
import type { approveRun } from '../../app/actions/runs/approve.ts'
import type { App } from '../../app/app.ts'
import { appOptions, recordingOptions } from './app-options.ts'
import type { CommandContext } from './context.ts'
import { type DriveChoice, driveOptions, driveRun } from './drive.ts'
import { negatedFlag, optional, text, wholeNumber } from './option.ts'
import { runArgument } from './run-argument.ts'

export const answerArguments = { ...runArgument, step: optional('the step that asks; needed when several do') }

export const answerOptions = {
  index: wholeNumber('--index <n>', 'the item of a foreach that asks', 0),
  by: text('--by <name>', 'who answers (default: you)'),
  resume: negatedFlag('--no-resume', 'only record the answer'),
  ...driveOptions,
  ...appOptions,
  ...recordingOptions,
}

type Answered = OutputOf<typeof approveRun>

/** The run's exit code when this process drove it on, else 0: the answer is recorded. */
export async function driveAnswer(
  context: CommandContext,
  app: App,
  given: DriveChoice,
  start: (more: Partial<ActionContext>) => Promise<Answered>,
): Promise<number> {
  let answer: Answered | undefined
  const code = await driveRun(context, app, given, async (more) => {
    answer = await start(more)
    return answer
  })
  return answer && !answer.resumed ? 0 : code
}
