/** Says what another strategy would have earned, from a log of decisions. */
import { resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { quantile } from '../../../std/quantile.ts'
import { UsageError } from '../../../domain/errors.ts'
import { type RoutingPolicy, type StrategyName, strategyNames } from '../../../domain/routing.ts'
import { evaluate } from '../../../executor/routing/replay/evaluate.ts'
import type { LoggedDecision } from '../../../executor/routing/replay/logged.ts'
import { strategies } from '../../../executor/routing/strategy-table.ts'
import { defined } from '../../../std/defined.ts'
import type { JsonObject } from '../../../std/json.ts'
import { seededRandom } from '../../../std/random.ts'
import { defineAction } from '../../action.ts'
import { readDecisionLog } from '../../decision-log/read-log.ts'
import { replayPolicy } from '../../decision-log/replay-policy.ts'

const interval = z.tuple([z.number(), z.number()])
const estimateShape = z.object({
  value: z.number(),
  normal: interval.describe('95 %, from the standard error'),
  bootstrap: interval.describe('95 %, from resampled decisions'),
})

export const replayLog = defineAction({
  noun: 'router',
  verb: 'replay',
  summary: 'say from a log of decisions what another strategy would have earned',
  input: z.object({
    log: z.string().describe('a file of decisions, as router log writes it'),
    strategy: z.enum(strategyNames).optional(),
    routing: z.record(z.string(), z.json()).default({}).describe('keys of routing, as in the configuration'),
    lambda: z
      .number()
      .nonnegative()
      .optional()
      .describe('λ: what a call that costs the reference loses of its utility'),
    agent: z.string().optional().describe('needed when the log has decisions of several'),
    seed: z.int().nonnegative().default(1),
  }),
  output: z.object({
    log: z.string(),
    agent: z.string(),
    strategy: z.enum(strategyNames),
    logged_by: z.array(z.string()),
    from: z.iso.datetime(),
    until: z.iso.datetime(),
    lambda: z.number(),
    /** Dollars; null: no cost is known. */
    cost_ref_usd: z.number().nullable(),
    decisions: z.number(),
    used: z.number(),
    /** Left out: they say nothing of a model. */
    untelling: z.number(),
    unpriced: z.number(),
    assumed: z.number(),
    coverage: z.number(),
    unsupported: z.number(),
    estimates: z
      .object({
        logged: estimateShape,
        ips: estimateShape,
        snips: estimateShape,
        dr: estimateShape,
        gain: estimateShape,
        effective: z.number().describe('so many decisions of its own would say as much'),
        clip: z.number().describe('greater weights were taken for this'),
        clipped: z.number(),
        mean_weight: z.number(),
      })
      .nullable(),
    supported: z.boolean().describe('whether the log can say it'),
    doubts: z.array(z.string()),
  }),
  async run(app, input, context) {
    const { strategy, policy, lambda } = wishes(input)
    const path = resolve(app.cwd, input.log)
    const log = await readDecisionLog(path, { agent: input.agent, signal: context.signal })
    if (log.cut) context.warn(`the last line of ${path} is cut, and left out`)
    const { decisions } = log
    const references = {
      cost_ref_usd: policy.cost_ref_usd ?? usualCost(decisions),
      latency_slo_ms: policy.latency_slo_ms ?? usualLatency(decisions),
    }
    const { estimates, doubts, ...counts } = await evaluate(decisions, {
      strategy: strategies[strategy],
      policy: { ...policy, strategy, ...defined(references) },
      ...{ lambda, cost_ref_usd: references.cost_ref_usd ?? 1, random: seededRandom(input.seed), seed: input.seed },
      async pause() {
        await setImmediate()
        context.signal.throwIfAborted()
      },
    })
    return {
      ...{ log: path, agent: log.agent, strategy, logged_by: log.strategies },
      ...spanOf(decisions),
      ...{ lambda, cost_ref_usd: references.cost_ref_usd ?? null, untelling: log.untelling, ...counts },
      ...{ estimates: estimates ?? null, supported: doubts.length === 0, doubts },
    }
  },
})

function spanOf(decisions: readonly LoggedDecision[]): { from: string; until: string } {
  const dateOf = (decision: LoggedDecision | undefined) => new Date(decision?.time ?? 0).toISOString()
  return { from: dateOf(decisions[0]), until: dateOf(decisions.at(-1)) }
}

interface Wishes {
  strategy: StrategyName
  policy: RoutingPolicy
  lambda: number
}

function wishes(input: {
  strategy?: StrategyName | undefined
  routing: JsonObject
  lambda?: number | undefined
}): Wishes {
  const policy = replayPolicy(input.routing)
  const named = input.routing['strategy'] === undefined ? undefined : policy.strategy
  if (named !== undefined && input.strategy !== undefined && named !== input.strategy)
    throw new UsageError(`there are two strategies: "${input.strategy}", and "${named}" among the keys of routing`)
  const strategy = input.strategy ?? named
  if (strategy === undefined)
    throw new UsageError('no strategy is named', { hint: `name one of ${strategyNames.join(', ')} with --strategy` })
  const lambda = input.lambda ?? policy.cost_weight
  // λ is the strategy's own, too, unless it is given another one.
  const cost_weight = input.routing['cost_weight'] === undefined ? lambda : policy.cost_weight
  return { strategy, policy: { ...policy, cost_weight }, lambda }
}

/** The 95th percentile of what candidates were predicted to cost; undefined: nobody knew. */
function usualCost(decisions: readonly LoggedDecision[]): number | undefined {
  const costs = decisions.flatMap(({ arms, outcome }) => {
    const predicted = arms.flatMap(({ cost_usd }) => cost_usd ?? [])
    return predicted.length > 0 ? predicted : (outcome.cost_usd ?? [])
  })
  return quantile(costs, 0.95) || undefined
}

/** The median of what calls took. */
function usualLatency(decisions: readonly LoggedDecision[]): number | undefined {
  return (
    quantile(
      decisions.flatMap(({ outcome }) => outcome.latency_ms ?? []),
      0.5,
    ) || undefined
  )
}
