/** What one call would be: its input checked, its candidates, and what they cost; nothing is journaled or paid for. */
import { z } from 'zod'
import { defined } from '../../../std/defined.ts'
import { chainOf } from '../../../workflow/running/chain.ts'
import type { StepDefinition } from '../../../domain/definition.ts'
import { defineAction } from '../../action.ts'
import { callFields } from '../../call-fields.ts'
import { priceOfCall } from '../../price-of-call.ts'
import { jsonObject } from '../../given-inputs.ts'
import { assertLocked } from '../../pins/check-pins.ts'
import { oneStepWorkflow } from '../../one-step.ts'
import { oldPriceShape, oldPrices } from '../../prices/old-prices.ts'
import { namedCall, prepareCall } from '../../one-call.ts'

export const estimateShape = z.object({
  agent: z.string(),
  /** As it would be sent, but for the defaults of candidates. */
  input: jsonObject,
  /** Whether there was a schema to check the input by. */
  checked: z.boolean(),
  /** In order: the agent's candidates, then what it falls back to. */
  candidates: z.array(
    z.object({
      model: z.string(),
      /** The agent that it belongs to, when that is another. */
      agent: z.string().optional(),
      target: z.string(),
      /** null: unknown. */
      estimate_usd: z.number().nullable(),
      /** `price`: what the price makes of this input; `learned`: the mean of earlier calls; `limit`: the most it can be. */
      basis: z.enum(['learned', 'price', 'limit']).optional(),
      /** Of earlier calls, whatever their input was; null: not known. */
      mean_usd: z.number().nullable(),
      /** What a budget sets aside for it; null: unknown. */
      most_usd: z.number().nullable(),
      estimate_ms: z.number().nullable(),
    }),
  ),
  /** Prices behind these that may have changed. */
  old_prices: z.array(oldPriceShape),
})

export const estimateCall = defineAction({
  noun: 'agents',
  verb: 'estimate',
  summary: 'check the input of a call, and say what it would cost',
  input: z.object(callFields),
  output: estimateShape,
  async run(app, asked, context) {
    const named = await namedCall(app, asked)
    await app.ready(app.world)
    const { name, agents } = named
    if (app.frozen)
      await assertLocked(app, app.world, oneStepWorkflow(defined({ name, agents, inputs: {}, cwd: app.cwd })))
    const { workflow, inputs, checked } = await prepareCall(app, app.world, asked, named, context)
    const step = Object.values(workflow.definition.steps)[0] as StepDefinition
    const timeout_ms = asked.timeout_ms ?? named.definition?.timeout_ms
    const priced = await priceOfCall(app, app.world)
    const chain = chainOf(workflow.definition, step)
    const candidates = chain.map((candidate) => {
      const cost = priced(candidate, { ...candidate.defaults, ...inputs }, timeout_ms)
      const agent = candidate.name === named.name || candidate.name === candidate.model ? undefined : candidate.name
      return { ...defined({ model: candidate.model, agent, target: candidate.target }), ...cost }
    })
    const old_prices = oldPrices(await app.prices(), chain, app.clock.now())
    return { agent: named.name, input: inputs, checked, candidates, old_prices }
  },
})
