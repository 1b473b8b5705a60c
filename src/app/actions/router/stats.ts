/** What the router learned of each agent's models. */
import { z } from 'zod'
import { agentsOf, armsOf, contextsOf, known, lastSeen } from '../../../executor/routing/known.ts'
import { readStateFile } from '../../../executor/routing/state-file.ts'
import type { StateFile } from '../../../executor/routing/state-shape.ts'
import { type ArmRecord, meanOf, type Moments, qualityOf } from '../../../executor/routing/statistics.ts'
import { ownValue } from '../../../std/own-entry.ts'
import { defineAction } from '../../action.ts'
import { stateFileOf } from '../../router/state-file-of.ts'
import { unknownAgent } from '../../router/unknown-agent.ts'

const averageShape = z.object({
  mean: z.number().nullable(),
  /** Moving: the newest calls count most. */
  ema: z.number().nullable(),
  n: z.number(),
})

const figures = {
  calls: z.number(),
  failures: z.number(),
  success_rate: z.number().nullable(),
  quality: z.object({
    mean: z.number().nullable(),
    sd: z.number().nullable(),
    n: z.number(),
    assumed: z.boolean().describe('nothing scored the answers: it is how often calls succeeded'),
  }),
  latency_ms: averageShape,
  cost_usd: averageShape,
  changes: z.number().describe('how often its quality fell at once, so that what came before counts no more'),
}

export const routerStats = defineAction({
  noun: 'router',
  verb: 'stats',
  summary: 'show what was learned of models',
  input: z.object({
    agent: z.string().optional(),
    by_context: z.boolean().default(false),
    sandbox: z.boolean().optional().describe('what calls in the sandbox taught'),
  }),
  output: z.object({
    file: z.string(),
    bytes: z.number().describe('of the file and of what was not folded into it yet; 0: nothing was learned'),
    sandbox: z.boolean(),
    agents: z.array(
      z.object({
        agent: z.string(),
        references: z
          .object({ cost_ref_usd: z.number().optional(), latency_slo_ms: z.number().optional() })
          .describe('what costs and latencies are measured by, fixed at first use'),
        models: z.array(
          z.object({
            model: z.string(),
            ...figures,
            last_seen: z.iso.datetime(),
            contexts: z.array(z.object({ context: z.string(), ...figures })).optional(),
          }),
        ),
      }),
    ),
  }),
  async run(app, { agent, by_context, sandbox = app.world === 'sandbox' }) {
    const options = stateFileOf(app, sandbox)
    const { state, bytes } = readStateFile(options)
    const names = agentsOf(state).filter((name) => armsOf(state, name).length > 0)
    if (agent !== undefined && names.length > 0 && !names.includes(agent)) throw unknownAgent(agent, names)
    return {
      ...{ file: options.file, bytes, sandbox },
      agents: names
        .filter((name) => agent === undefined || name === agent)
        .map((name) => ofAgent(state, name, by_context)),
    }
  },
})

function ofAgent(state: StateFile, agent: string, by_context: boolean) {
  const models = armsOf(state, agent).toSorted()
  return {
    agent,
    references: ownValue(state.references, agent) ?? {},
    models: models.map((model) => ({
      model,
      ...figuresOf(known(state, agent, model)),
      last_seen: lastSeen(state, agent, model) as string,
      ...(by_context && {
        contexts: contextsOf(state, agent, model).map((context) => ({
          context,
          ...figuresOf(known(state, agent, model, context)),
        })),
      }),
    })),
  }
}

function figuresOf({ sums, derived }: ArmRecord) {
  const { calls, failures, quality, latency, cost } = sums
  const { ema, changes } = derived
  const scores = qualityOf(sums)
  return {
    ...{ calls, failures, changes },
    success_rate: calls === 0 ? null : 1 - failures / calls,
    quality: { mean: meanOf(scores), sd: deviationOf(scores), n: scores.n, assumed: quality.n === 0 },
    latency_ms: { mean: meanOf(latency), ema: ema.latency_ms, n: latency.n },
    cost_usd: { mean: meanOf(cost), ema: ema.cost_usd, n: cost.n },
  }
}

/** Of the values themselves, estimated from them; null of fewer than two. */
function deviationOf({ n, sum, squares }: Moments): number | null {
  return n < 2 ? null : Math.sqrt(Math.max(0, (squares - (sum * sum) / n) / (n - 1)))
}
