/** What would be chosen for a call of an agent now, and why; nothing is called, and nothing learned. */
import { z } from 'zod'
import { toErrorData, UsageError } from '../../../domain/errors.ts'
import { qosTiers, type WeighedCandidate } from '../../../domain/routing.ts'
import type { Considered } from '../../../executor/routing/consider.ts'
import { observations, worth } from '../../../executor/routing/seen.ts'
import type { RouterState } from '../../../executor/routing/state.ts'
import type { ArmRecord } from '../../../executor/routing/statistics.ts'
import { defined } from '../../../std/defined.ts'
import type { JsonObject } from '../../../std/json.ts'
import { seededRandom } from '../../../std/random.ts'
import { callSpecOf } from '../../../workflow/running/chain.ts'
import { defineAction } from '../../action.ts'
import { decideNow } from '../../decide-now.ts'
import { explainedCall } from '../../explained-call.ts'
import { inputFields } from '../../given-inputs.ts'
import { propertyOf, typedByJsonSchema } from '../../one-step.ts'
import { decisionShape, weighedShape } from '../../routing-shapes.ts'

/** A Beta distribution: what is believed of the quality, from as many observations. */
const posteriorShape = z.object({
  alpha: z.number(),
  beta: z.number(),
  calls: z.number(),
  failures: z.number(),
})

export const explanationShape = z.object({
  ...decisionShape.shape,
  /** What would be called; absent: nothing may be. */
  chosen: z.string().optional(),
  refused: z.object({ message: z.string(), hint: z.string().optional() }).optional(),
  /** Calls of the agent that were decided before. */
  turn: z.number(),
  /** What costs and latencies are measured by; absent: not known yet. */
  cost_ref_usd: z.number().optional(),
  latency_slo_ms: z.number().optional(),
  candidates: z.array(
    z.object({
      ...weighedShape.shape,
      posterior: posteriorShape,
      /** From calls that were alike. */
      posterior_here: posteriorShape.optional(),
      /** What an older version of the model lends to this one. */
      prior: z.object({ quality: z.number(), strength: z.number() }).optional(),
    }),
  ),
})

export const explainRouting = defineAction({
  noun: 'router',
  verb: 'explain',
  summary: 'say which candidate of an agent would be called now, and why',
  input: z.object({
    agent: z.string().describe('an agent of the configuration or a workflow'),
    task: z.string().optional().describe("a label for what is asked, in place of the agent's"),
    step: z.string().optional().describe('WORKFLOW/STEP whose call it would be; by default one of `agents run`'),
    tier: z.enum(qosTiers).optional(),
    latency_cap_ms: z.number().positive().optional(),
    cost_cap_usd: z.number().nonnegative().optional(),
    quality_floor: z.number().min(0).max(1).optional(),
    seed: z.int().optional().describe('of the randomness, to be told the same again'),
    ...inputFields,
  }),
  output: explanationShape,
  async run(app, asked, context) {
    if (asked.agent.includes('/'))
      throw new UsageError(`${asked.agent} is a model: there is nothing to choose`, { hint: 'name an agent' })
    const { seed } = asked
    const { agent: name, definition, step, labels } = await explainedCall(app, asked, context)
    const schema = definition.agents[name]?.input_schema
    const typed = Object.entries(asked.typed).map(([key, text]) => [
      key,
      typedByJsonSchema(text, propertyOf(schema, key)),
    ])
    const input = { ...asked.inputs, ...Object.fromEntries(typed) } as JsonObject
    const spec = callSpecOf(definition, step, input)
    const random = seed === undefined ? app.random : seededRandom(seed)
    const { state, considered, turn, decided } = await decideNow(app, name, spec, labels, random)
    const head = { agent: name, strategy: considered.policy.routing.strategy, context: considered.context, turn }
    if ('refused' in decided) {
      const { message, hint } = toErrorData(decided.refused)
      const candidates = told(state, considered, decided.candidates, undefined)
      return { ...head, refused: defined({ message, hint }), candidates }
    }
    const { decision, policy } = decided
    const { cost_ref_usd, latency_slo_ms } = policy
    const candidates = told(state, considered, decision.candidates, decision.chosen)
    const chosen = candidates.find((each) => each.chosen)?.model
    return { ...head, ...defined({ chosen, cost_ref_usd, latency_slo_ms }), candidates }
  },
})

function told(
  state: RouterState,
  { agent, context, candidates }: Considered,
  weighed: readonly WeighedCandidate[],
  chosen: number | undefined,
) {
  const statistics = state.statistics(agent)
  return weighed.map(({ candidate, ...one }, at) => {
    const prior = candidates[at]?.arm.prior
    const here = context === '' ? undefined : statistics.of(one.model, context)
    return {
      ...one,
      chosen: candidate === chosen,
      posterior: posteriorOf(statistics.of(one.model)),
      ...(here && here.sums.calls > 0 && { posterior_here: posteriorOf(here) }),
      ...(prior && { prior }),
    }
  })
}

function posteriorOf(record: ArmRecord): z.output<typeof posteriorShape> {
  const { calls, failures } = record.sums
  const good = worth(record)
  return { alpha: 1 + good, beta: 1 + observations(record) - good, calls, failures }
}
