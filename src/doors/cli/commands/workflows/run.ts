/** `workflows run`: runs a workflow to its end, or to where it waits. */
import { planWorkflow } from '../../../../app/actions/workflows/plan.ts'
import { runWorkflow } from '../../../../app/actions/workflows/run.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, sandboxOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { driveOptions, driveRun } from '../../drive.ts'
import { inputOptions, readInputs } from '../../input-options.ts'
import { dollars, flag, required, text, wholeNumber } from '../../option.ts'
import { planLines } from '../../output/plan-lines.ts'

export const run = defineCommand({
  description:
    'Runs a workflow. Every step is journaled before anything depends on it: when the run stops, for whatever reason, `runs resume` goes on without paying twice.',
  args: { workflow: required('a file or a name') },
  options: {
    ...inputOptions,
    ...driveOptions,
    runId: text('--run-id <id>', 'the id of the run; a second start with the same id attaches to it'),
    maxConcurrency: wholeNumber('--max-concurrency <n>', 'how many calls may be in flight', 1),
    budget: dollars('--budget <usd>', 'stop before this is passed'),
    dryRun: flag('--dry-run', 'check everything and show the plan, run nothing'),
    ...appOptions,
    ...sandboxOptions,
  },
  examples: [
    { command: 'replicate-agent run product_photo --sandbox', what: 'without a token, in the sandbox' },
    { command: 'replicate-agent run product_photo -i product="a brass desk lamp" --artifacts out', what: 'with an input, the files in ./out' },
    { command: "replicate-agent workflows run deep_research --input '{\"query\": \"…\"}' --json", what: 'for a program' },
    { command: 'replicate-agent run product_photo --sandbox -o outputs.photo', what: 'only the path of the photo' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const inputs = await readInputs(context, given)
    if (given.dryRun) {
      const plan = await context.call(app, planWorkflow, { workflow: given.workflow, ...inputs, check_inputs: true })
      if (context.json) context.printJson(plan)
      else for (const line of planLines(plan, context)) context.print(line)
      return 0
    }
    const { runId: run_id, maxConcurrency: max_concurrency, budget: budget_usd, artifacts } = given
    const input = { workflow: given.workflow, ...inputs, ...defined({ run_id, max_concurrency, budget_usd, artifacts }) }
    return driveRun(context, app, given, (more) => context.call(app, runWorkflow, input, more))
  },
})
