/** Calls one agent or model, as a run of one step. */
import { z } from 'zod'
import { runResultShape } from '../../../domain/run.ts'
import { defined } from '../../../std/defined.ts'
import type { JsonObject } from '../../../std/json.ts'
import { startRun } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { findAgent } from '../../named-agents.ts'
import { tryDescribeModel } from '../../describe-model.ts'
import { finishRun } from '../../finish-run.ts'
import { inputFields } from '../../given-inputs.ts'
import { needToken } from '../../need-token.ts'
import { needVariables } from '../../need-variables.ts'
import { oneStepWorkflow, propertyOf, typedByJsonSchema } from '../../one-step.ts'
import { firstEvent } from '../../open-run.ts'
import { runFields } from '../../run-fields.ts'
import { runWorld, worldOf } from '../../world-of.ts'

export const runAgent = defineAction({
  noun: 'agents',
  verb: 'run',
  summary: 'call an agent or a model: a run of one step, with the same journal',
  input: z.object({
    agent: z.string().describe('an agent of the configuration or a workflow, or owner/name of a model'),
    ...inputFields,
    ...runFields,
  }),
  output: runResultShape,
  async run(app, input, context) {
    const { agent: name } = input
    const found = name.includes('/') ? undefined : await findAgent(app, name)
    const agent = found?.definition
    const agents = found?.siblings
    const world = await worldOf(app, input.run_id)
    const target = agent?.target ?? 'replicate'
    const model = agent ? agent.models[0] : name
    const probe = oneStepWorkflow(defined({ name, agents, inputs: {}, cwd: app.cwd }))
    needToken(app, world, probe.definition)
    await needVariables(app, probe.definition)
    await app.ready(world)
    const info =
      target === 'replicate' && model !== undefined ? await tryDescribeModel(app, world, model, context) : undefined
    const schema = agent?.input_schema ?? info?.input_schema
    const typed = Object.entries(input.typed).map(([key, text]) => [
      key,
      typedByJsonSchema(text, propertyOf(schema, key)),
    ])
    const inputs = { ...input.inputs, ...Object.fromEntries(typed) } as JsonObject
    const workflow = oneStepWorkflow(defined({ name, agents, inputs, schema, cwd: app.cwd }))
    const options = {
      inputs,
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
