/** What a run would do when it is resumed. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { openRun, stateOf } from '../../open-run.ts'
import { assertRunLocked } from '../../pins/check-pins-of-run.ts'
import { planReport, planShape } from '../../plan-report.ts'

export const planOfResume = defineAction({
  noun: 'runs',
  verb: 'plan',
  summary: 'say for each step what a resume would do, and the money that it saves',
  input: z.object({ run: z.string() }),
  output: planShape,
  async run(app, input) {
    const run = await openRun(app, input.run)
    if (app.frozen) await assertRunLocked(app, run)
    const { plan, state } = await stateOf(run)
    return planReport(app, run.world, plan, { state, inputs: state.inputs })
  },
})
