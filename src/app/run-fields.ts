/** Fields of every action that starts a run. */
import { z } from 'zod'

export const runFields = {
  run_id: z.string().optional().describe('the same id attaches to the run that has it'),
  max_concurrency: z.number().int().positive().optional(),
  budget_usd: z.number().nonnegative().optional(),
  artifacts: z.string().optional().describe('a folder that the files of the run are copied to'),
}
