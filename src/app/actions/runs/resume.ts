/** Goes on with a run that stopped, for whatever reason. */
import { z } from 'zod'
import { runResultShape } from '../../../domain/run.ts'
import { defined } from '../../../std/defined.ts'
import { resumeRun } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { finishRun } from '../../finish-run.ts'
import { awaitHolder } from '../../await-holder.ts'
import { givenInputs, inputFields } from '../../given-inputs.ts'
import { checkPinsOfRun } from '../../pins/check-pins-of-run.ts'
import { earlierEvents, needTokenFor, openRun } from '../../open-run.ts'

export const resumeStoppedRun = defineAction({
  noun: 'runs',
  verb: 'resume',
  summary: 'go on with a run; what is settled is kept',
  input: z.object({
    run: z.string(),
    ...inputFields,
    budget_usd: z.number().nonnegative().optional(),
    take_over: z.boolean().default(false).describe('end a driver on this machine that is stopped'),
    artifacts: z.string().optional(),
  }),
  output: runResultShape,
  async run(app, input, context) {
    const run = await openRun(app, input.run)
    const plan = await needTokenFor(app, run)
    await app.ready(run.world)
    if (app.frozen) await checkPinsOfRun(app, run, context.signal)
    const inputs = givenInputs(plan.definition.inputs, input)
    const options = defined({
      inputs,
      budget_usd: input.budget_usd,
      takeOver: input.take_over,
      ...awaitHolder(context),
    })
    const earlier = await earlierEvents(run)
    const driving = await resumeRun(run.parts, run.record.run_id, options)
    return finishRun(app, { driving, plan, earlier, budget_usd: input.budget_usd }, input.artifacts, context)
  },
})
