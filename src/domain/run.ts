/** A run as everyone outside the engine sees it: statuses and the `--json` object (rulings 30 and 31). */
import { z } from 'zod'
import { errorCodes } from './errors.ts'

export const runStatuses = ['running', 'waiting', 'succeeded', 'failed', 'cancelled'] as const
export type RunStatus = (typeof runStatuses)[number]

export const stepStatuses = ['running', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled'] as const
export type StepStatus = (typeof stepStatuses)[number]

const json = z.json()

export const errorShape = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  retryable: z.boolean(),
  hint: z.string().optional(),
  step: z.string().optional(),
  details: z.record(z.string(), json).optional(),
  cause: z.string().optional(),
})

export const fileShape = z.object({
  name: z.string(),
  path: z.string(),
  sha256: z.string(),
  bytes: z.number(),
  media_type: z.string(),
})

const stepFields = {
  status: z.enum(stepStatuses),
  output: json.optional(),
  error: errorShape.optional(),
  /** Why it was skipped, or what it waits for. */
  reason: z.string().optional(),
  attempts: z.number(),
  latency_ms: z.number(),
  /** null: unknown. */
  cost_usd: z.number().nullable(),
  model: z.string().optional(),
  cached: z.boolean().optional(),
  /** What its cached answer had cost; null: unknown. */
  saved_usd: z.number().nullable().optional(),
  files: z.array(fileShape).optional(),
  /** The child run of a `workflow` step. */
  child_run_id: z.string().optional(),
}

export const stepResultShape = z.object({
  ...stepFields,
  items: z.array(z.object({ index: z.number(), ...stepFields })).optional(),
})

export const runResultShape = z.object({
  run_id: z.string(),
  workflow: z.string(),
  status: z.enum(runStatuses),
  waiting_for: z.enum(['approval', 'resume']).optional(),
  /** True when it says `running` and nobody drives it. */
  interrupted: z.boolean().optional(),
  outputs: z.record(z.string(), json),
  cost_usd: z.number().nullable(),
  duration_ms: z.number(),
  error: errorShape.optional(),
  /** Soft budgets that were passed, and how much was spent and set aside then. */
  soft_budgets: z.array(z.object({ budget: z.string(), soft_usd: z.number(), spent_usd: z.number() })).optional(),
  steps: z.record(z.string(), stepResultShape),
})

export type StepResult = z.infer<typeof stepResultShape>
export type RunResult = z.infer<typeof runResultShape>
