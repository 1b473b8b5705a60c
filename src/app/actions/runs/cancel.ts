/** Cancels a run and what it has in flight, whether somebody drives it or not. */
import { z } from 'zod'
import { runResultShape } from '../../../domain/run.ts'
import { cancelRun } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { finishRun } from '../../finish-run.ts'
import { openRun, stateOf } from '../../open-run.ts'

export const cancelOpenRun = defineAction({
  noun: 'runs',
  verb: 'cancel',
  summary: 'cancel a run, and its predictions at Replicate',
  input: z.object({ run: z.string() }),
  output: runResultShape,
  async run(app, input, context) {
    const run = await openRun(app, input.run)
    const { plan } = await stateOf(run)
    const driving = await cancelRun(run.parts, run.record.run_id, context.by)
    return finishRun(app, { driving, plan }, undefined, context)
  },
})
