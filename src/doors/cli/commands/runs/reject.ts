/** `runs reject`: says no to what a run asks. */
import { rejectRun } from '../../../../app/actions/runs/reject.ts'
import { defined } from '../../../../std/defined.ts'
import { answerArguments, answerOptions, driveAnswer } from '../../answer.ts'
import { defineCommand } from '../../command.ts'

export const reject = defineCommand({
  description:
    'Answers an approval with no: its step fails as `rejected`. When no process drives the run, this one goes on with it.',
  args: answerArguments,
  options: answerOptions,
  examples: [{ command: 'replicate-agent runs reject last publish', what: 'one of several things asked' }],
  async run(context, given) {
    const app = await context.app({ ...given, recordsOn: true })
    const { run, step, index, by, resume, artifacts } = given
    const input = { run, resume, ...defined({ step, index, by, artifacts }) }
    return driveAnswer(context, app, given, (more) => context.call(app, rejectRun, input, more))
  },
})
