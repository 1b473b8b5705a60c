/** Says no to what a run asks. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { answeredShape, answerFields, answerRun } from '../../answer-run.ts'

export const rejectRun = defineAction({
  noun: 'runs',
  verb: 'reject',
  summary: 'answer an approval with no, and drive the run on when nobody does',
  input: z.object(answerFields),
  output: answeredShape,
  run: (app, input, context) => answerRun(app, { ...input, inputs: {}, typed: {}, approved: false }, context),
})
