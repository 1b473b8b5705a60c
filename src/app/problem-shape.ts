/** A problem in a file as doors show it. */
import { z } from 'zod'

export const problemShape = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  code: z.string(),
  severity: z.enum(['error', 'warning']),
  message: z.string(),
  hint: z.string().optional(),
  source: z.string().optional(),
})
