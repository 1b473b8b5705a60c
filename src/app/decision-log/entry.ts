/** A line of a log of decisions: what was chosen among what, and what came of it. */
import { z } from 'zod'
import { decisionShape } from '../../domain/event-shapes.ts'
import type { CallStatus } from '../../domain/events.ts'
import type { RoutingDecision } from '../../domain/routing.ts'

export interface LogEntry {
  v: 1
  /** When it was decided, epoch milliseconds. */
  time: number
  decision: RoutingDecision
  outcome: {
    status: CallStatus
    /** The code of its error. */
    error?: string
    /** In [0, 1]; null: nothing scored it. Later feedback stands in the place of an earlier score. */
    quality: number | null
    latency_ms: number | null
    /** Dollars; null: unknown. */
    cost_usd: number | null
  }
}

const amount = z.number().nonnegative().nullable()

/** Fields that are not known are let through. */
export const logEntryShape = z.looseObject({
  v: z.literal(1),
  time: z.number().int().nonnegative().max(8.64e15),
  decision: decisionShape,
  outcome: z.looseObject({
    status: z.enum(['succeeded', 'failed', 'cancelled', 'abandoned']),
    error: z.string().optional(),
    quality: z.number().min(0).max(1).nullable(),
    latency_ms: amount,
    cost_usd: amount,
  }),
}) as unknown as z.ZodType<LogEntry, LogEntry>
