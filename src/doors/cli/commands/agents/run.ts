/** `agents run`: calls one agent or model. */
import { runAgent } from '../../../../app/actions/agents/run.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, recordingOptions, sandboxOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { driveOptions, driveRun } from '../../drive.ts'
import { inputOptions, readInputs } from '../../input-options.ts'
import { dollars, required, text } from '../../option.ts'

export const run = defineCommand({
  description:
    'Calls an agent or a model once: a run of one step, with the same journal, files and exit codes as any run. Its answer is outputs.output.',
  args: { agent: required('an agent of the workflows here, or owner/name of a model') },
  options: {
    ...inputOptions,
    ...driveOptions,
    runId: text('--run-id <id>', 'the id of the run; a second start with the same id attaches to it'),
    budget: dollars('--budget <usd>', 'refuse a call that may cost more'),
    ...appOptions,
    ...sandboxOptions,
    ...recordingOptions,
  },
  examples: [
    {
      command: 'replicate-agent agents run black-forest-labs/flux-schnell -i prompt="a red bicycle" --sandbox',
      what: 'one picture',
    },
    {
      command: 'replicate-agent agents run meta/meta-llama-3-8b-instruct --input \'{"prompt": "…"}\' -o outputs.output',
      what: 'only the answer',
    },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { agent, runId: run_id, budget: budget_usd, artifacts } = given
    const input = { agent, ...(await readInputs(context, given)), ...defined({ run_id, budget_usd, artifacts }) }
    return driveRun(context, app, given, (more) => context.call(app, runAgent, input, more))
  },
})
