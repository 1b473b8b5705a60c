/** `runs approve`: says yes to what a run asks. */
import { approveRun } from '../../../../app/actions/runs/approve.ts'
import { defined } from '../../../../std/defined.ts'
import { answerArguments, answerOptions, driveAnswer } from '../../answer.ts'
import { defineCommand } from '../../command.ts'
import { inputOptions, readInputs } from '../../input-options.ts'

export const approve = defineCommand({
  description: 'Answers an approval with yes. When no process drives the run, this one goes on with it.',
  args: answerArguments,
  options: { ...inputOptions, ...answerOptions },
  examples: [
    { command: 'replicate-agent runs approve last', what: 'when one thing is asked' },
    {
      command: 'replicate-agent runs approve last publish -i note="go ahead" --no-resume',
      what: 'with an input, only recorded',
    },
  ],
  async run(context, given) {
    const app = await context.app({ ...given, recordsOn: true })
    const { run, step, index, by, resume, artifacts } = given
    const input = { run, resume, ...(await readInputs(context, given)), ...defined({ step, index, by, artifacts }) }
    return driveAnswer(context, app, given, (more) => context.call(app, approveRun, input, more))
  },
})
