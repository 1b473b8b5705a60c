/** Calls one agent or model, as a run of one step. */
import { z } from 'zod'
import { runResultShape } from '../../../domain/run.ts'
import { defined } from '../../../std/defined.ts'
import { startRun } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { callFields } from '../../call-fields.ts'
import { finishRun } from '../../finish-run.ts'
import { needToken } from '../../need-token.ts'
import { needVariables } from '../../need-variables.ts'
import { namedCall, prepareCall } from '../../one-call.ts'
import { oneStepWorkflow } from '../../one-step.ts'
import { firstEvent } from '../../open-run.ts'
import { checkPins } from '../../pins/check-pins.ts'
import { runFields } from '../../run-fields.ts'
import { runWorld, worldOf } from '../../world-of.ts'

export const runAgent = defineAction({
  noun: 'agents',
  verb: 'run',
  summary: 'call an agent or a model: a run of one step, with the same journal',
  input: z.object({ ...callFields, ...runFields }),
  output: runResultShape,
  async run(app, input, context) {
    const named = await namedCall(app, input)
    const world = await worldOf(app, input.run_id)
    const { name, agents } = named
    const probe = oneStepWorkflow(defined({ name, agents, inputs: {}, cwd: app.cwd }))
    needToken(app, world, probe.definition)
    await needVariables(app, probe.definition)
    await app.ready(world)
    await checkPins(app, world, probe, context.signal)
    const { workflow, given } = await prepareCall(app, world, input, named, context)
    const options = {
      inputs: given,
      runId: input.run_id,
      max_concurrency: input.max_concurrency,
      budget_usd: input.budget_usd,
    }
    const parts = await app.engine(world)
    const driving = await startRun(parts, workflow, defined({ ...options, ...runWorld(world) }))
    return finishRun(
      app,
      { driving, plan: workflow.plan, earlier: await firstEvent(parts, driving) },
      input.artifacts,
      context,
    )
  },
})
