/** Why a step of a run called what it called: its decisions, from the journal. */
import { z } from 'zod'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { findRun } from '../../find-run.ts'
import { madeDecisions } from '../../made-decisions.ts'
import { decisionShape, weighedShape } from '../../routing-shapes.ts'
import { assertWorked } from '../../worked-step.ts'

export const madeDecisionShape = z.object({
  id: z.string(),
  time: z.iso.datetime(),
  index: z.number().optional(),
  round: z.number().optional(),
  ...decisionShape.shape,
  chosen: z.string(),
  candidates: z.array(weighedShape),
  /** What came of it: the attempts at the chosen candidate. */
  calls: z.array(
    z.object({
      call: z.number(),
      status: z.enum(['running', 'succeeded', 'failed', 'cancelled', 'abandoned']),
      model: z.string(),
      latency_ms: z.number().optional(),
      cost_usd: z.number().nullable().optional(),
      quality: z.object({ score: z.number().nullable(), by: z.string() }).optional(),
      error: z.object({ code: z.string(), message: z.string() }).optional(),
    }),
  ),
  /** What people thought of it later. */
  feedback: z.array(z.object({ score: z.number(), by: z.string(), time: z.iso.datetime() })),
})

export const explainStep = defineAction({
  noun: 'router',
  verb: 'why',
  summary: 'say why a step of a run called the model that it called',
  input: z.object({
    run: z.string().describe('an id, a unique prefix of one, or last'),
    step: z.string().describe('the id of a step'),
    index: z.int().nonnegative().optional().describe('the index of an item of a foreach; all of them by default'),
  }),
  output: z.object({
    run_id: z.string(),
    step: z.string(),
    /** Calls of the step; with fewer decisions than calls, some had no choice. */
    calls: z.number(),
    decisions: z.array(madeDecisionShape),
  }),
  async run(app, { run, step, index }) {
    const store = await app.store()
    const { run_id } = await findRun(store, run)
    const events = await store.readEvents(run_id)
    assertWorked(run_id, events, step, index)
    const { decisions, calls } = madeDecisions(events, defined({ step, index }))
    return { run_id, step, calls, decisions }
  },
})
