/** `workflows run`: runs a workflow to its end, or to where it waits. */
import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import type { App } from '../../../../app/app.ts'
import { planWorkflow } from '../../../../app/actions/workflows/plan.ts'
import { runWorkflow } from '../../../../app/actions/workflows/run.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, pinOptions, recordingOptions, sandboxOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { driveOptions, driveRun } from '../../drive.ts'
import { inputOptions, readInputs } from '../../input-options.ts'
import { dollars, flag, required, text, wholeNumber } from '../../option.ts'
import { UsageError } from '../../../../domain/errors.ts'
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
    watch: flag('--watch', 'run again when the workflow, one nested in it, or an input file changes'),
    ...pinOptions,
    ...appOptions,
    ...sandboxOptions,
    ...recordingOptions,
  },
  examples: [
    { command: 'replicate-agent run product_photo --sandbox', what: 'without a token, in the sandbox' },
    { command: 'replicate-agent run product_photo -i product="a brass desk lamp" --artifacts out', what: 'with an input, the files in ./out' },
    { command: "replicate-agent workflows run deep_research --input '{\"query\": \"…\"}' --json", what: 'for a program' },
    { command: 'replicate-agent run product_photo --record recordings/photo', what: 'for real, and kept' },
    { command: 'replicate-agent run product_photo --replay recordings/photo', what: 'the same again, in CI: nothing is called' },
    { command: 'replicate-agent run product_photo --sandbox -o outputs.photo', what: 'only the path of the photo' },
    { command: 'replicate-agent run product_photo --sandbox --watch', what: 'again after every change of the file' },
  ],
  async run(context, given) {
    if (given.watch) assertWatchable(given)
    const app = await context.app(given)
    const inputs = await readInputs(context, given)
    if (given.dryRun) {
      const asked = { workflow: given.workflow, ...inputs, ...defined({ budget_usd: given.budget }) }
      const plan = await context.call(app, planWorkflow, { ...asked, check_inputs: true })
      if (context.json) context.printJson(plan)
      else for (const line of planLines(plan, context)) context.print(line)
      return 0
    }
    const { runId: run_id, maxConcurrency: max_concurrency, budget: budget_usd, artifacts } = given
    const options = { workflow: given.workflow, ...defined({ run_id, max_concurrency, budget_usd, artifacts }) }
    if (!given.watch)
      return driveRun(context, app, given, (more) => context.call(app, runWorkflow, { ...options, ...inputs }, more))
    const { watchRuns } = await import('../../watch-runs.ts')
    return watchRuns(context, {
      files: () => watchedFiles(app, given),
      run: async (driving) => {
        const input = { ...options, ...(await readInputs(context, given)) }
        return driveRun(context, app, given, (more) =>
          context.call(app, runWorkflow, input, {
            ...more,
            driving(run) {
              more.driving?.(run)
              driving(run)
            },
          }),
        )
      },
    })
  },
})

interface WatchChoice {
  workflow: string
  json: boolean
  runId: string | undefined
  dryRun: boolean
  set: string[]
  input: string | undefined
  artifacts: string | undefined
}

function assertWatchable({ json, runId, dryRun, input }: WatchChoice): void {
  const not = (option: string, why: string) => new UsageError(`--watch and ${option} don't go together: ${why}`)
  if (json) throw not('--json', 'it prints one object; --jsonl prints a line for every event of every run')
  if (runId !== undefined) throw not('--run-id', 'every run has an id of its own')
  if (dryRun) throw not('--dry-run', 'it runs nothing')
  if (input === '-') throw not('--input -', 'stdin can be read once')
}

/** The workflow's files, and inputs that are files or folders; not what the runs themselves write. */
async function watchedFiles(app: App, given: WatchChoice): Promise<string[]> {
  const { workflowFiles } = await import('../../../../app/workflow-files.ts')
  const { set, input, artifacts } = given
  const { cwd } = app
  const named = set.map((pair) => pair.slice(pair.indexOf('=') + 1))
  if (input?.startsWith('@')) named.push(input.slice(1))
  const inputs = named
    .filter((text) => text !== '')
    .map((text) => resolve(cwd, text))
    .filter((path) => existsSync(path))
  const own = artifacts === undefined ? undefined : resolve(cwd, artifacts)
  const isOwn = (path: string) => own !== undefined && !relative(own, path).startsWith('..')
  return [...new Set([...(await workflowFiles(app, given.workflow)), ...inputs.filter((path) => !isOwn(path))])]
}
