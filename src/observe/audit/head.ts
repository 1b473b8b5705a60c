/** Where the log ends, kept apart from it, so that a log that was cut short can be told. */
import { z } from 'zod'
import type { Json } from '../../std/json.ts'

/** The cell that holds it. */
export const headCell = 'audit/head'

const headShape = z.object({
  seq: z.number(),
  hash: z.string(),
  /** The day whose file it is in. */
  segment: z.string(),
  /** Length of that file with it. */
  bytes: z.number(),
})
export type Head = z.infer<typeof headShape>

/** Undefined: there is none. */
export function headOf(cell: Json | undefined): Head | undefined {
  return headShape.safeParse(cell).data
}
