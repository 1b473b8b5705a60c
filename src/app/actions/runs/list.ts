/** The runs of the store, newest first. */
import { z } from 'zod'
import { runStatuses } from '../../../domain/run.ts'
import { defined } from '../../../std/defined.ts'
import { isDriven } from '../../../workflow/running/hold.ts'
import { defineAction } from '../../action.ts'
import { runSummary, runSummaryShape } from '../../run-summary.ts'

export const listRuns = defineAction({
  noun: 'runs',
  verb: 'list',
  summary: 'list runs, newest first',
  input: z.object({
    status: z.enum(runStatuses).optional(),
    workflow: z.string().optional(),
    limit: z.number().int().positive().max(10_000).default(20),
  }),
  output: z.object({ runs: z.array(runSummaryShape) }),
  async run(app, input) {
    const parts = await app.engine(app.world)
    const records = await parts.store.listRuns(defined(input))
    const runs = records.map(async (record) => {
      const driven = record.status !== 'running' || isDriven(parts, await parts.store.getLease(record.run_id))
      return runSummary(record, !driven)
    })
    return { runs: await Promise.all(runs) }
  },
})
