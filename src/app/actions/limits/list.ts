/** What calls are held to, and how much of it is left. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { bulkheadShape, limitsHere, limitShape } from '../../limits/limits-here.ts'

export const listLimits = defineAction({
  noun: 'limits',
  verb: 'list',
  summary: 'list what holds calls back, and how much of it is left',
  input: z.object({}),
  output: z.object({ limits: z.array(limitShape), bulkheads: z.array(bulkheadShape) }),
  run: (app) => limitsHere(app),
})
