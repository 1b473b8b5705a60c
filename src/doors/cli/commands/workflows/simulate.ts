/** `workflows simulate`: how long it would take, without running it. */
import { simulateWorkflow } from '../../../../app/actions/workflows/simulate.ts'
import { formatDuration } from '../../../../std/duration.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { inputOptions, readInputs } from '../../input-options.ts'
import { flag, required, text, wholeNumber } from '../../option.ts'
import { count } from '../../output/quantity.ts'
import { tableLines } from '../../output/table.ts'

export const simulate = defineCommand({
  description:
    'Says how long a workflow would take with so many calls in flight: the scheduler runs it on a virtual clock, and the longest path goes first. Calls nothing and costs nothing. Also takes a measured trace as JSON: {"tasks": [{"id", "runtime_s", "parents"}]}.',
  args: { workflow: required('a file or a name, or the JSON file of a trace') },
  options: {
    ...configOptions,
    ...inputOptions,
    concurrency: wholeNumber('--concurrency <n>', "calls in flight at most (default: the workflow's, else 8)", 1),
    durations: text(
      '--durations <file>',
      'a JSON file, step id to seconds (default: what earlier runs took, as `workflows plan` shows)',
    ),
    json: flag('--json', 'print the figures as JSON'),
    sandbox: appOptions.sandbox,
    checkpointDir: appOptions.checkpointDir,
  },
  examples: [
    { command: 'replicate-agent workflows simulate product_photo --concurrency 2', what: 'with what earlier runs took' },
    { command: 'replicate-agent workflows simulate trace.json --concurrency 16 --json', what: 'a trace, for a program' },
  ],
  async run(context, given) {
    const { workflow, durations, concurrency } = given
    const app = await context.app(given)
    const inputs = await readInputs(context, given)
    const simulated = await context.call(app, simulateWorkflow, { workflow, durations, concurrency, ...inputs })
    if (context.json) return context.printJson(simulated)
    const { makespan_s, lower_bound_s, critical_path_s, total_work_s, utilisation, tasks, edges } = simulated
    const over = lower_bound_s === 0 ? 1 : makespan_s / lower_bound_s
    const seconds = (amount: number) => formatDuration(amount * 1_000)
    const rows: [string, string, string][] = [
      ['takes', context.style.bold(seconds(makespan_s)), `${over.toFixed(3)} times the lower bound`],
      ['lower bound', seconds(lower_bound_s), 'no schedule can be shorter'],
      ['longest path', seconds(critical_path_s), ''],
      ['work', seconds(total_work_s), `${Math.round(utilisation * 100)} % of what the slots could do`],
    ]
    context.print(
      `${simulated.name}: ${count(tasks, 'task')}, ${count(edges, 'need')}, ${simulated.concurrency} at once; planned in ${formatDuration(simulated.plan_ms)}`,
    )
    for (const line of tableLines(rows, [{}, { align: 'right' }, {}], (header) => header)) context.print(line)
  },
})
