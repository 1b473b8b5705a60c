/** What one call would be: its input checked, its candidates, and what they cost; nothing is journaled or paid for. */
import { z } from 'zod'
import { defined } from '../../../std/defined.ts'
import { callSpecOf } from '../../../workflow/running/chain.ts'
import type { StepDefinition } from '../../../domain/definition.ts'
import type { WeighedCandidate } from '../../../domain/routing.ts'
import type { CallSpec } from '../../../executor/contract.ts'
import type { App } from '../../app.ts'
import { decideNow } from '../../decide-now.ts'
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
  /** Where there are several candidates: how one of them is chosen, and the one that would be now, unless none may be. */
  routing: z.object({ strategy: z.string(), chosen: z.string().optional(), refused: z.string().optional() }).optional(),
  /** In order: the agent's candidates, then what it falls back to. */
  candidates: z.array(
    z.object({
      model: z.string(),
      /** The agent that it belongs to, when that is another. */
      agent: z.string().optional(),
      target: z.string(),
      /** How probable it is to be chosen; of the agent's own candidates, where there are several. */
      chance: z.number().optional(),
      /** What keeps it from being chosen. */
      removed_by: z.string().optional(),
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
    const { chain, routing, weighed } = await routed(app, name, callSpecOf(workflow.definition, step, inputs))
    const candidates = chain.map((candidate, at) => {
      const cost = priced(candidate, { ...candidate.defaults, ...inputs }, timeout_ms)
      const agent = candidate.name === named.name || candidate.name === candidate.model ? undefined : candidate.name
      const { propensity: chance, removed_by } = weighed.get(at) ?? {}
      return { ...defined({ model: candidate.model, agent, target: candidate.target, chance, removed_by }), ...cost }
    })
    const old_prices = oldPrices(await app.prices(), chain, app.clock.now())
    return { agent: named.name, input: inputs, checked, ...(routing && { routing }), candidates, old_prices }
  },
})

/** Who would be chosen now; nothing is said of one candidate, which is the choice. */
async function routed(app: App, name: string, spec: CallSpec) {
  const { chain } = spec
  const weighed = new Map<number, WeighedCandidate>()
  if (chain.filter((candidate) => candidate.name === name).length < 2) return { chain, weighed }
  const labels = { run_id: 'estimate', workflow: name, step: 'call' }
  const { considered, decided } = await decideNow(app, name, spec, labels, app.random)
  const { strategy } = considered.policy.routing
  const { candidates } = 'refused' in decided ? decided : decided.decision
  for (const each of candidates) weighed.set(each.candidate, each)
  if ('refused' in decided) return { chain, weighed, routing: { strategy, refused: decided.refused.message } }
  const chosen = chain[decided.decision.chosen]?.model
  return { chain, weighed, routing: { strategy, ...defined({ chosen }) } }
}
