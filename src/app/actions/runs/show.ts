/** Everything about one run. */
import { z } from 'zod'
import { runResultShape } from '../../../domain/run.ts'
import { defined } from '../../../std/defined.ts'
import { pendingApprovals, readRun } from '../../../workflow/engine.ts'
import { defineAction } from '../../action.ts'
import { jsonObject } from '../../given-inputs.ts'
import { openRun } from '../../open-run.ts'
import { runSummary, runSummaryShape } from '../../run-summary.ts'

export const showRun = defineAction({
  noun: 'runs',
  verb: 'show',
  summary: 'show a run: its steps, outputs, files, and what it waits for',
  input: z.object({ run: z.string().describe('an id, a unique prefix of one, or last') }),
  output: z.object({
    ...runResultShape.shape,
    ...runSummaryShape.shape,
    /** The last event in the journal: what a resume goes on from. */
    last_checkpoint: z.object({ seq: z.number(), time: z.iso.datetime() }),
    driver: z
      .object({ pid: z.number(), host: z.string(), state: z.enum(['alive', 'stopped', 'gone', 'elsewhere']) })
      .optional(),
    approvals: z
      .array(
        z.object({
          run_id: z.string(),
          step: z.string(),
          index: z.number().optional(),
          message: z.string(),
          inputs: jsonObject,
          expires_at: z.iso.datetime().optional(),
        }),
      )
      .optional(),
  }),
  async run(app, input) {
    const { record, parts } = await openRun(app, input.run)
    const result = await readRun(parts, record.run_id)
    const lease = await parts.store.getLease(record.run_id)
    const approvals = (await pendingApprovals(parts, record.run_id)).map(
      ({ run_id, step, index, message, inputs, expires_at }) =>
        defined({
          run_id,
          step,
          index,
          message,
          inputs,
          expires_at: expires_at === undefined ? undefined : new Date(expires_at).toISOString(),
        }),
    )
    return {
      ...runSummary(record, result.interrupted ?? false),
      ...result,
      last_checkpoint: { seq: record.seq, time: new Date(record.updated_at).toISOString() },
      ...(lease && { driver: { pid: lease.holder.pid, host: lease.holder.host, state: parts.probe(lease.holder) } }),
      ...(approvals.length > 0 && { approvals }),
    }
  },
})
