/** Where a prediction stands at a moment: a pure function of its row, so that it goes on while no process runs. */
import type { PredictionRow, TerminalStatus } from '../store/prediction-rows.ts'

export type Moment =
  | { phase: 'starting' }
  /** `share` of its running time that has passed, in [0, 1). */
  | { phase: 'processing'; share: number }
  | { phase: 'ended'; how: 'finished' | 'canceled' | 'aborted'; at: number }

type Times = Pick<PredictionRow, 'starts_ms' | 'ends_ms' | 'deadline_ms' | 'canceled_ms'>

export function momentOf(times: Times, now: number): Moment {
  const end = endOf(times)
  if (now >= end.at) return { phase: 'ended', ...end }
  if (now < times.starts_ms) return { phase: 'starting' }
  return { phase: 'processing', share: (now - times.starts_ms) / (times.ends_ms - times.starts_ms) }
}

/** The first of: a cancellation, the deadline, its own end. */
export function endOf(times: Times): { how: 'finished' | 'canceled' | 'aborted'; at: number } {
  const { starts_ms, ends_ms, deadline_ms, canceled_ms } = times
  const deadline = deadline_ms ?? Number.POSITIVE_INFINITY
  const canceled = canceled_ms ?? Number.POSITIVE_INFINITY
  if (ends_ms <= deadline && ends_ms <= canceled) return { how: 'finished', at: ends_ms }
  if (canceled <= deadline) return { how: 'canceled', at: canceled }
  return { how: deadline < starts_ms ? 'aborted' : 'canceled', at: deadline }
}

/** Whether a settled prediction ran at all: what never began has no `started_at` and costs nothing. */
export function hadBegun(row: Pick<PredictionRow, 'starts_ms'>, status: TerminalStatus, endedMs: number): boolean {
  return status !== 'aborted' && endedMs >= row.starts_ms
}
