/** The lines of the log beside the router's file: first what it belongs to, then a change each. */
import { z } from 'zod'
import { changeShape, type StateChange } from './state-change.ts'

const headerShape = z.object({
  /** Of the file. */
  id: z.string(),
  log: z.number(),
  /** The inode of the file that it came with. */
  file: z.string(),
  /** Its file holds exactly what the one before it said, with so many bytes of that one's log. Absent: something else. */
  follows: z.object({ log: z.number(), bytes: z.number() }).optional(),
})
export type LogHeader = z.output<typeof headerShape>

export function logHeader(line: string | undefined): LogHeader | undefined {
  return parsed(headerShape, line ?? '')
}

export function readLogLine(line: string): StateChange | undefined {
  return parsed(changeShape, line)
}

function parsed<T>(shape: z.ZodType<T>, line: string): T | undefined {
  try {
    const checked = shape.safeParse(JSON.parse(line))
    return checked.success ? checked.data : undefined
  } catch {
    return undefined
  }
}
