/** `router feedback`: says how good a step's answer was. */
import { giveFeedback } from '../../../../app/actions/router/feedback.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { defined } from '../../../../std/defined.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, type OptionSpec, required, text, wholeNumber } from '../../option.ts'
import { count } from '../../output/quantity.ts'
import { runArgument } from '../../run-argument.ts'

const score: OptionSpec<number | undefined> = {
  flags: '--score <number>',
  description: 'from 0 (useless) to 1 (as good as it can be)',
  parse(written) {
    const value = Number(written)
    if (written.trim() !== '' && value >= 0 && value <= 1) return value
    throw new UsageError(`a score is a number from 0 to 1, not "${written}"`)
  },
}

export const feedback = defineCommand({
  description:
    "Says how good a step's answer was, now or days later. It is kept in the journal of the run, and the router learns from it; a second score for the same answer takes the place of the first.",
  args: { ...runArgument, step: required('the step whose answer it is about') },
  options: {
    ...configOptions,
    score,
    index: wholeNumber('--index <n>', 'the item of a foreach', 0),
    by: text('--by <name>', 'whose opinion it is (default: you)'),
    json: flag('--json', 'print {run_id, step, decision, agent, model, score, by, learned, quality}'),
    store: appOptions.store,
    checkpointDir: appOptions.checkpointDir,
    durability: appOptions.durability,
  },
  examples: [
    { command: 'replicate-agent router feedback last write --score 0.8', what: 'the last run' },
    {
      command: 'replicate-agent router feedback last draw --index 2 --score 0 --by ann',
      what: 'one item of a foreach, for someone else',
    },
  ],
  async run(context, given) {
    if (given.score === undefined)
      throw new UsageError('a score is missing', { hint: 'give it with --score, from 0 to 1' })
    const app = await context.app(given)
    const { run, step, index, by } = given
    const noted = await context.call(app, giveFeedback, { run, step, score: given.score, ...defined({ index, by }) })
    if (context.json) {
      context.printJson(noted)
      return 0
    }
    const { style } = context
    const { mean, observations } = noted.quality
    const item = index === undefined ? '' : `[${index}]`
    context.print(`${style.green('✓')} ${step}${item} of run ${noted.run_id}: ${noted.score} for ${noted.model}`)
    if (noted.learned && mean !== null) {
      const scores = count(observations, 'score')
      context.print(style.dim(`  as "${noted.agent}" it has ${scores} now, ${mean.toFixed(2)} on average`))
    } else if (!noted.learned) context.print(style.dim('  a replay teaches the router nothing'))
    return 0
  },
})
