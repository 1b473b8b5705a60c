/** Why a step of a run called what it called: its decisions, from the journal. */
import { z } from 'zod'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { findRun } from '../../find-run.ts'
import { madeDecisions, madeDecisionShape } from '../../made-decisions.ts'
import { assertWorked } from '../../worked-step.ts'

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
