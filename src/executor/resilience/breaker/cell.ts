/** The state of a circuit breaker as processes share it: plain JSON, changed whole. */
import { z } from 'zod'
import { breakerCriteria, countedClasses, troubles } from '../../../domain/breaker.ts'
import type { Json } from '../../../std/json.ts'

const count = z.int().min(0)

const policyShape = z.object({
  criterion: z.enum(breakerCriteria),
  failure_threshold: count,
  window_ms: z.number(),
  failure_rate: z.number(),
  minimum_calls: count,
  window_calls: count,
  slow_call_ms: z.number().exactOptional(),
  slow_call_rate: z.number(),
  on: z.array(z.enum(countedClasses)),
  cooldown_ms: z.number(),
  half_open_probes: count,
  success_threshold: count,
  ramp_ms: z.number(),
})

const troubleShape = z.object({
  /** Epoch milliseconds, as all times here: monotonic ones mean nothing to another process. */
  time: z.number(),
  class: z.enum(troubles),
  message: z.string(),
})

const cellShape = z.object({
  layout: z.literal(1),
  /** Every change of state begins a new one; what comes of calls of an older one is ignored. */
  episode: z.number(),
  /** When it began. */
  since: z.number(),
  /** Absent: closed. */
  open: z
    .object({
      /** null: until somebody resets it. */
      until: z.number().nullable(),
      why: z.string(),
      succeeded: count,
      /** Number and latest end of each probe on its way. */
      probes: z.array(z.tuple([z.number(), z.number()])),
      probed: count,
    })
    .exactOptional(),
  /** It closed by itself, and over so long its traffic grows. */
  ramp_ms: z.number().exactOptional(),
  /** For each criterion what it looks at; all of it empty unless closed. */
  tally: z.object({
    /** When calls failed, oldest first. */
    times: z.array(z.number()),
    /** Failures since the last success. */
    row: count,
    /** The last calls, a letter each, oldest first: o(k), f(ailed), s(low), b(oth). */
    recent: z.string().regex(/^[ofsb]*$/),
    /** Of each tenth of the window: its beginning, calls, failures, slow calls. */
    spans: z.array(z.tuple([z.number(), count, count, count])),
  }),
  /** Of all troubles since the last reset. */
  seen: z.partialRecord(z.enum(troubles), count),
  /** The newest troubles, oldest first. */
  last: z.array(troubleShape),
  /** What it went by when it was changed last, for people to see. */
  policy: policyShape.exactOptional(),
  /** What somebody set over what agents say. */
  override: policyShape.partial().exactOptional(),
})

export type BreakerCell = z.infer<typeof cellShape>
export type Tally = BreakerCell['tally']
export type SeenTrouble = z.infer<typeof troubleShape>

export const emptyTally: Tally = { times: [], row: 0, recent: '', spans: [] }

/** Closed, as it was never anything else. */
export const freshCell: BreakerCell = { layout: 1, episode: 0, since: 0, tally: emptyTally, seen: {}, last: [] }

/** What is damaged, or of another version, is as if there were nothing. */
export function readBreaker(value: Json | undefined): BreakerCell {
  if (value === undefined) return freshCell
  const read = cellShape.safeParse(value)
  return read.success ? read.data : freshCell
}
