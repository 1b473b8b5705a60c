/** `agents run`: calls one agent or model. */
import { estimateCall } from '../../../../app/actions/agents/estimate.ts'
import { runAgent } from '../../../../app/actions/agents/run.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { createAnswerView } from '../../answer-view.ts'
import { appOptions, pinOptions, recordingOptions, sandboxOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { driveOptions, driveRun } from '../../drive.ts'
import { inputOptions, readInputs } from '../../input-options.ts'
import { dollars, duration, flag, negatedFlag, required, text } from '../../option.ts'
import { estimateLines } from '../../output/estimate-lines.ts'

export const run = defineCommand({
  description:
    'Calls an agent or a model once: a run of one step, with the same journal, files and exit codes as any run. Stdout gets its answer alone: on a terminal as it is written, where the model writes text.',
  args: { agent: required('an agent of the configuration or the workflows here, or owner/name of a model') },
  options: {
    ...inputOptions,
    model: text('--model <owner/name>', "call this model in place of the agent's candidates"),
    timeout: duration('--timeout <duration>', 'end the call after so long, all attempts together'),
    task: text('--task <label>', 'what is asked: calls with the same label are learned from together'),
    dryRun: flag('--dry-run', 'check the input and say what a call would cost; nothing is called'),
    stream: negatedFlag('--no-stream', 'wait quietly for the whole answer'),
    ...driveOptions,
    runId: text('--run-id <id>', 'the id of the run; a second start with the same id attaches to it'),
    budget: dollars('--budget <usd>', 'refuse a call that may cost more'),
    ...pinOptions,
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
      command: 'replicate-agent agents run meta/meta-llama-3-8b-instruct --input \'{"prompt": "…"}\' > answer.txt',
      what: 'only the answer',
    },
    {
      command: 'replicate-agent agents run meta/meta-llama-3-8b-instruct --input @question.json --dry-run',
      what: 'whether it would work, and for how much',
    },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { agent, model, task, timeout: timeout_ms, runId: run_id, budget: budget_usd, artifacts } = given
    const asked = { agent, ...(await readInputs(context, given)), ...defined({ model, task, timeout_ms }) }
    if (given.dryRun) {
      if (run_id !== undefined) throw new UsageError('--dry-run begins no run: leave --run-id out')
      const estimate = await context.call(app, estimateCall, asked)
      if (context.json) return context.printJson(estimate)
      for (const line of estimateLines(estimate, context.style)) context.print(line)
      return undefined
    }
    const isAlone = !given.json && !given.jsonl && given.output === undefined
    const isQuiet = given.quiet || !given.stream
    const answer = isAlone ? createAnswerView(context, app, { stream: !isQuiet }) : undefined
    const input = { ...asked, ...defined({ run_id, budget_usd, artifacts }) }
    return driveRun(context, app, { ...given, quiet: isQuiet, ...(answer && { answer }) }, (more) =>
      context.call(app, runAgent, input, more),
    )
  },
})
