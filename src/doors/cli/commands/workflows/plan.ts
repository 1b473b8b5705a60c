/** `workflows plan`: what would happen, without doing it. */
import { planOfResume } from '../../../../app/actions/runs/plan.ts'
import { planWorkflow } from '../../../../app/actions/workflows/plan.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { appOptions, pinOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { inputOptions, readInputs } from '../../input-options.ts'
import { flag, optional, text } from '../../option.ts'
import { planLines } from '../../output/plan-lines.ts'

export const plan = defineCommand({
  description:
    'Says for each step what would happen and why, which needs are implied, and about how much it costs and takes. With --run: what a resume of that run would do, and the money that it saves.',
  args: { workflow: optional('a file or a name') },
  options: {
    ...inputOptions,
    run: text('--run <id>', 'plan the resume of this run instead'),
    json: flag('--json', 'print the plan as JSON'),
    ...pinOptions,
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent workflows plan product_photo', what: 'before the first run' },
    { command: 'replicate-agent workflows plan --run last', what: 'before a resume' },
  ],
  async run(context, given) {
    const { workflow, run } = given
    if ((workflow === undefined) === (run === undefined)) throw new UsageError('give a workflow, or --run with the id of a run')
    const app = await context.app(given)
    const inputs = await readInputs(context, given)
    const has = Object.keys(inputs.inputs).length + Object.keys(inputs.typed).length > 0
    const report =
      run === undefined
        ? await context.call(app, planWorkflow, { workflow: workflow as string, ...inputs, check_inputs: has })
        : await context.call(app, planOfResume, { run })
    if (context.json) context.printJson(report)
    else for (const line of planLines(report, context)) context.print(line)
  },
})
