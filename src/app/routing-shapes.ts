/** How decisions of the router are told. */
import { z } from 'zod'
import { strategyNames } from '../domain/routing.ts'

export const weighedShape = z.object({
  model: z.string(),
  chosen: z.boolean(),
  /** The requirement that took it out; absent: the strategy could choose it. */
  removed_by: z.string().optional(),
  /** Let in though it is not known well enough. */
  exploring: z.boolean().optional(),
  /** Observations of quality, and their mean; null: none yet. */
  observations: z.number(),
  quality: z.number().nullable(),
  /** The sample or index that decided. */
  score: z.number().optional(),
  /** Predictions before the call; null: unknown. */
  cost_usd: z.number().nullable(),
  latency_ms: z.number().nullable(),
  /** Calls of it in flight. */
  pending: z.number(),
  /** How probable it was to be chosen. */
  propensity: z.number().optional(),
})

export const decisionShape = z.object({
  agent: z.string(),
  strategy: z.enum(strategyNames),
  /** Of calls that are alike. */
  context: z.string(),
})
