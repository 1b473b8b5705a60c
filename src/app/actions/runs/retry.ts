/** Runs failed, named or changed steps again, in a new attempt of the same run. */
import { z } from 'zod'
import { runResultShape } from '../../../domain/run.ts'
import { defined } from '../../../std/defined.ts'
import { planRetry, retryRun } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { finishRun } from '../../finish-run.ts'
import { awaitHolder } from '../../await-holder.ts'
import { givenInputs, inputFields } from '../../given-inputs.ts'
import { needToken } from '../../need-token.ts'
import { needVariables } from '../../need-variables.ts'
import { checkPins } from '../../pins/check-pins.ts'
import { earlierEvents, openRun, settledSteps, stateOf } from '../../open-run.ts'
import { currentDefinition, resetShape, retryChoice, retryFields } from '../../retry-choice.ts'

export const retryRunAgain = defineAction({
  noun: 'runs',
  verb: 'retry',
  summary: 'run failed, named or changed steps again; history is kept',
  input: z.object({
    ...retryFields,
    ...inputFields,
    budget_usd: z.number().nonnegative().optional(),
    artifacts: z.string().optional(),
  }),
  output: runResultShape.extend({ reset: z.array(resetShape) }),
  async run(app, input, context) {
    const run = await openRun(app, input.run)
    const { plan, state } = await stateOf(run)
    const current = await currentDefinition(app, input, run.record.workflow, context)
    const { definition } = current ?? plan
    const inputs = givenInputs(definition.inputs, input)
    const wanted = defined({ choice: retryChoice(input), current })
    const again = new Set((await planRetry(run.parts, run.record.run_id, wanted)).map(({ step }) => step))
    const settled = new Set(settledSteps(state).filter((step) => !again.has(step)))
    needToken(app, run.world, definition, settled)
    if (current) await needVariables(app, definition)
    await app.ready(run.world)
    await checkPins(app, run.world, { definition, settled, versions: state.versions }, context.signal)
    const options = { ...wanted, inputs, budget_usd: input.budget_usd, by: context.by, ...awaitHolder(context) }
    const earlier = await earlierEvents(run)
    const { reset, ...driving } = await retryRun(run.parts, run.record.run_id, defined(options))
    const result = await finishRun(
      app,
      { driving, plan: current?.plan ?? plan, earlier, budget_usd: input.budget_usd },
      input.artifacts,
      context,
    )
    return { ...result, reset: reset.map((one) => defined(one)) }
  },
})
