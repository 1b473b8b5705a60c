/** Takes what a person thinks of a step's answer: into the journal of its run, and into what the router knows. */
import { z } from 'zod'
import { defaultRouting } from '../../../domain/routing.ts'
import { callId } from '../../../executor/routing/call-id.ts'
import { armKey } from '../../../executor/routing/arm-key.ts'
import { contextKey } from '../../../executor/routing/context-key.ts'
import { defined } from '../../../std/defined.ts'
import { type RatedCall, ratedCall, recordFeedback } from '../../../workflow/feedback.ts'
import { chainOf } from '../../../workflow/running/chain.ts'
import { defineAction } from '../../action.ts'
import { replayFolder } from '../../app.ts'
import { type OpenRun, openRun, stateOf } from '../../open-run.ts'
import { assertWorked } from '../../worked-step.ts'

export const giveFeedback = defineAction({
  noun: 'router',
  verb: 'feedback',
  summary: "say how good a step's answer was, so that the router learns from it",
  input: z.object({
    run: z.string(),
    step: z.string(),
    index: z.number().int().nonnegative().optional().describe('item of a foreach'),
    score: z.number().min(0).max(1).describe('from 0 (useless) to 1 (as good as it can be)'),
    by: z.string().optional().describe('whose opinion it is, when not of who asks'),
  }),
  output: z.object({
    run_id: z.string(),
    step: z.string(),
    index: z.number().optional(),
    decision: z.string(),
    agent: z.string(),
    model: z.string(),
    score: z.number(),
    by: z.string(),
    /** Whether the router learned from it: a replay teaches nothing. */
    learned: z.boolean(),
    /** What is known of the model under this agent now, over all contexts. */
    quality: z.object({ mean: z.number().nullable(), observations: z.number() }),
  }),
  async run(app, { run: written, step, index, score, by = '' }, context) {
    const run = await openRun(app, written)
    const { parts, record, world } = run
    const { run_id } = record
    const events = await parts.store.readEvents(run_id)
    assertWorked(run_id, events, step, index)
    const rated = ratedCall(events, step, index)
    const giver = by === '' ? context.by : by
    const { decision, call, agent, arm, key } = await placeOf(run, rated)
    await recordFeedback(parts, run_id, { ...rated.ref, decision, score, by: giver })
    const learned = replayFolder(world) === undefined
    const state = await app.routerState(learned ? world : 'real')
    if (learned) {
      state.feedback(call, agent, arm, key, { score, by: 'person' })
      await state.flushed()
    }
    const { n, sum } = state.statistics(agent).of(arm).sums.quality
    const quality = { mean: n === 0 ? null : sum / n, observations: n }
    return defined({ run_id, step, index, decision, agent, model: arm, score, by: giver, learned, quality })
  },
})

/** What the score is about: as it was decided, or as it would have been, had there been a choice. */
async function placeOf(run: OpenRun, { ref, call, candidate, model, version, decision }: RatedCall) {
  const { state, plan } = await stateOf(run)
  const { definition } = plan
  const { run_id, attempt } = state
  const labels = { run_id, attempt, workflow: definition.name, ...ref }
  const step = plan.steps.get(ref.step)
  const called = step && chainOf(definition, step.definition)[candidate]
  const agent = called?.name ?? model
  const routing = definition.agents[agent]?.routing ?? defaultRouting
  const context = routing.context.filter((part) => part !== 'length')
  const id = callId(labels, call)
  return {
    // A decision may have led to several attempts; the one that was answered is what was observed.
    ...{ decision: decision?.id ?? id, call: id, agent },
    arm: called ? armKey(called, version) : model,
    key: decision?.context ?? contextKey({ ...routing, context }, labels, {}),
  }
}
