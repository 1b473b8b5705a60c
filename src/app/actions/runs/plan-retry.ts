/** What a retry would run again. */
import { z } from 'zod'
import { defined } from '../../../std/defined.ts'
import { planRetry } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { openRun } from '../../open-run.ts'
import { currentDefinition, resetShape, retryChoice, retryFields } from '../../retry-choice.ts'

export const planOfRetry = defineAction({
  noun: 'runs',
  verb: 'plan-retry',
  summary: 'say what a retry would run again, and why',
  input: z.object(retryFields),
  output: z.object({ run_id: z.string(), reset: z.array(resetShape) }),
  async run(app, input, context) {
    const { record, parts } = await openRun(app, input.run)
    const current = await currentDefinition(app, input, record.workflow, context)
    const reset = await planRetry(parts, record.run_id, defined({ choice: retryChoice(input), current }))
    return { run_id: record.run_id, reset: reset.map((one) => defined(one)) }
  },
})
