/** Runs a workflow to its end, or to where it waits. */
import { z } from 'zod'
import { runResultShape } from '../../../domain/run.ts'
import { defined } from '../../../std/defined.ts'
import { startRun } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { assertInputs } from '../../assert-inputs.ts'
import { finishRun } from '../../finish-run.ts'
import { givenInputs, inputFields } from '../../given-inputs.ts'
import { needToken } from '../../need-token.ts'
import { needVariables } from '../../need-variables.ts'
import { firstEvent } from '../../open-run.ts'
import { checkPins } from '../../pins/check-pins.ts'
import { runFields } from '../../run-fields.ts'
import { openWorkflow } from '../../workflow-file.ts'
import { runWorld, worldOf } from '../../world-of.ts'

export const runWorkflow = defineAction({
  noun: 'workflows',
  verb: 'run',
  summary: 'run a workflow',
  input: z.object({ workflow: z.string().describe('a file or a name'), ...inputFields, ...runFields }),
  output: runResultShape,
  async run(app, input, context) {
    const workflow = await openWorkflow(app, input.workflow, context)
    const inputs = givenInputs(workflow.definition.inputs, input)
    assertInputs(workflow, inputs)
    const world = await worldOf(app, input.run_id)
    needToken(app, world, workflow.definition)
    await needVariables(app, workflow.definition)
    await app.ready(world)
    await checkPins(app, world, workflow, context.signal)
    const options = { inputs, runId: input.run_id, max_concurrency: input.max_concurrency, budget_usd: input.budget_usd }
    const parts = await app.engine(world)
    const driving = await startRun(parts, workflow, defined({ ...options, ...runWorld(world) }))
    return finishRun(app, { driving, plan: workflow.plan, earlier: await firstEvent(parts, driving) }, input.artifacts, context)
  },
})
