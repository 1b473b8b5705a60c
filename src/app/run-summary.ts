/** A run as lists show it. */
import { z } from 'zod'
import { runStatuses } from '../domain/run.ts'
import type { RunRecord } from '../state/store/contract.ts'
import { defined } from '../std/defined.ts'
import { roundUsd } from '../workflow/view.ts'

export const runSummaryShape = z.object({
  run_id: z.string(),
  workflow: z.string(),
  version: z.string().optional(),
  status: z.enum(runStatuses),
  waiting_for: z.enum(['approval', 'resume']).optional(),
  /** It says `running` and nobody drives it. */
  interrupted: z.boolean().optional(),
  attempt: z.number(),
  sandbox: z.boolean(),
  cost_usd: z.number().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  /** When it was brought here from another store. */
  imported_at: z.iso.datetime().optional(),
})
export type RunSummary = z.infer<typeof runSummaryShape>

export function runSummary(record: RunRecord, interrupted: boolean): RunSummary {
  const { run_id, workflow, version, status, waiting_for, attempt, sandbox, cost_usd } = record
  return {
    ...defined({ run_id, workflow, version, status, waiting_for, attempt, sandbox }),
    ...(interrupted && { interrupted }),
    cost_usd: roundUsd(cost_usd),
    created_at: new Date(record.created_at).toISOString(),
    updated_at: new Date(record.updated_at).toISOString(),
    ...(record.imported_at !== undefined && { imported_at: new Date(record.imported_at).toISOString() }),
  }
}
