/** How one of an agent's candidates is chosen, as it is written. */
import { z } from 'zod'
import { contextParts, qosTiers, strategyNames } from '../../domain/routing.ts'
import { qualitySpec } from './quality-spec.ts'
import { atLeast, between, dollars, flag, longestId, namePattern, share, strict, whole, words } from '../spec-fields.ts'

const taskError = 'must be a word: letters, digits, dots, dashes and _'

/** A label for what is asked, of agents and steps alike. */
export const taskSpec = z
  .string({ error: taskError })
  .max(longestId, { error: 'is too long' })
  .regex(namePattern, { error: taskError })
  .register(...words('A label for what is asked: calls with the same one are learned from together.'))

const positive = (what: string, description: string) =>
  z
    .number({ error: `must be a number of ${what}` })
    .gt(0, { error: `must be more than 0 ${what}` })
    .register(...words(description))

const contextError = `must be a list of ${contextParts.join(', ')}`

export const routingSpec = strict(
  'routing',
  {
    strategy: z
      .enum(strategyNames, { error: `must be one of ${strategyNames.join(', ')}` })
      .register(...words('How a candidate is chosen. learned by default; order takes them as written.'))
      .optional(),
    weights: strict(
      'routing_weights',
      {
        cost: atLeast(0, 'Of cost. 0.5 by default.').optional(),
        latency: atLeast(0, 'Of latency. 0.3 by default.').optional(),
        quality: atLeast(0, 'Of quality. 0.2 by default.').optional(),
      },
      'Of `score` and `thompson_multi`: what counts how much.',
    ).optional(),
    ema_alpha: z
      .number({ error: 'must be a number over 0, and at most 1' })
      .gt(0, { error: 'must be a number over 0, and at most 1' })
      .max(1, { error: 'must be a number over 0, and at most 1' })
      .register(...words('What the newest observation counts in moving averages. 0.3 by default.'))
      .optional(),
    ucb_alpha: atLeast(0, 'Of `ucb1` and `adaptive`: how much uncertainty counts. √2 by default.').optional(),
    explore_calls: whole(
      0,
      1_000_000,
      'Of `adaptive`: calls before it changes to Thompson sampling. 20 by default.',
    ).optional(),
    cost_weight: atLeast(
      0,
      'Of `learned`: what a call that costs `cost_ref_usd` loses of its utility. 0.2 by default.',
    ).optional(),
    latency_weight: atLeast(
      0,
      'Of `learned`: what each `latency_slo_ms` beyond the first loses of it. 0.1 by default.',
    ).optional(),
    cost_ref_usd: positive(
      'dollars',
      'What costs are measured by. By default the dearest candidate, fixed at first use.',
    ).optional(),
    latency_slo_ms: positive(
      'milliseconds',
      'What latencies are measured by. By default the median candidate, fixed once all are known.',
    ).optional(),
    context: z
      .array(z.enum(contextParts, { error: `must be one of ${contextParts.join(', ')}` }), { error: contextError })
      .register(...words('Of `learned`: what makes calls alike. All three by default; [] for none.'))
      .optional(),
    prior_strength: atLeast(
      0,
      'Of `learned`: how many observations all calls of a model count for in a new context. 5 by default.',
    ).optional(),
    discount: between(
      0.999,
      1,
      'What older observations keep of their weight with each new one. 1 by default: all of it.',
    ).optional(),
    change_point: flag('Whether a model whose quality fell at once is learned anew. True by default.').optional(),
    exploration_share: share(
      'The share of calls in which a model of fewer than three observations passes `qos`. 0.1 by default.',
    ).optional(),
    task: taskSpec.optional(),
    quality: qualitySpec.optional(),
  },
  'How one of the candidates is chosen for a call.',
  'must be a mapping, as in `routing: {strategy: learned}`',
)

export const qosSpec = strict(
  'qos',
  {
    tier: z
      .enum(qosTiers, { error: `must be one of ${qosTiers.join(', ')}` })
      .register(
        ...words(
          'FAST: under 2 s, quality 0.5; BALANCED: under 5 s and $0.05, quality 0.7; QUALITY: under $0.10, quality 0.9.',
        ),
      )
      .optional(),
    latency_cap_ms: positive('milliseconds', 'No candidate that takes longer.').optional(),
    cost_cap_usd: dollars('No candidate that costs more.').optional(),
    quality_floor: share('No candidate that is worse.').optional(),
  },
  'What a candidate must keep to, to be called at all.',
  'must be a mapping, as in `qos: {tier: FAST}`',
)

export type RoutingSpec = z.infer<typeof routingSpec>
export type QosSpec = z.infer<typeof qosSpec>
