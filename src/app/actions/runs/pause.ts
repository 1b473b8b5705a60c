/** Asks the driver of a run to start nothing more. */
import { z } from 'zod'
import { runResultShape } from '../../../domain/run.ts'
import { pauseRun, readRun } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { openRun } from '../../open-run.ts'

export const pauseDrivenRun = defineAction({
  noun: 'runs',
  verb: 'pause',
  summary: 'start no more steps; what is in flight ends, then the run waits for a resume',
  input: z.object({ run: z.string() }),
  output: runResultShape,
  async run(app, input, context) {
    const { record, parts } = await openRun(app, input.run)
    await pauseRun(parts, record.run_id, context.by)
    return readRun(parts, record.run_id)
  },
})
