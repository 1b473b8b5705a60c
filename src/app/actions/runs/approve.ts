/** Says yes to what a run asks. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { answeredShape, answerRun, approveFields } from '../../answer-run.ts'

export const approveRun = defineAction({
  noun: 'runs',
  verb: 'approve',
  summary: 'answer an approval with yes, and drive the run on when nobody does',
  input: z.object(approveFields),
  output: answeredShape,
  run: (app, input, context) => answerRun(app, { ...input, approved: true }, context),
})
