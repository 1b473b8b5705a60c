/** What is told of a call once it is over, for those who only listen: the audit log. */
import type { MissReason } from './cache.ts'
import type { CallStatus, WorkRef } from './events.ts'
import type { ErrorData } from './errors.ts'
import type { KeptFile } from './file.ts'
import type { Json, JsonObject } from '../std/json.ts'

/** Where a call was made. */
export interface CallPlace extends WorkRef {
  run_id: string
  /** Of the run, from 1. */
  attempt?: number
  workflow: string
}

/** One attempt, by whatever process it was made. */
export interface AttemptReport {
  /** As in `decision.id`: `run/step[index]#round/call`. */
  id: string
  /** When it was settled, epoch milliseconds. */
  time: number
  agent: string
  target: string
  model: string
  version?: string
  prediction_id?: string
  status: CallStatus
  error?: ErrorData
  /** It came to a create, or took up one. */
  sent: boolean
  /** Made by an earlier process, which may have told of it, too. */
  earlier?: true
  latency_ms: number
  /** Of these, milliseconds until limits, bulkhead and budget let it go. */
  waiting_ms: number
  /** Milliseconds until the next one. */
  backoff_ms?: number
  /** Dollars, with what judging its answer cost; null: unknown. */
  cost_usd: number | null
  /** The part of the answer alone, where something judged it. */
  answer_usd?: number | null
  reserved_usd?: number
  /** Of the candidate's circuit breaker when it was let go. */
  breaker?: string
}

export type ReportedStatus = 'succeeded' | 'failed' | 'cancelled' | 'stopped'

export interface CallStart {
  place: CallPlace
  /** The first of the chain. */
  agent: string
  input: JsonObject
}

export interface CallReport extends CallStart {
  /** As `CallLog.begin` gave it. */
  id?: string
  status: ReportedStatus
  error?: ErrorData
  /** An earlier process had begun it, and may have told of it. */
  resumed: boolean
  /** What answered, or was called last. */
  model?: string
  version?: string
  candidates: readonly { agent: string; model: string }[]
  /** Of routing. */
  decisions: readonly string[]
  attempts: readonly AttemptReport[]
  latency_ms: number
  judging_ms: number
  cost_usd: number | null
  cache: 'hit' | 'miss' | 'off'
  /** Of the candidate that was asked last. */
  cache_miss?: MissReason
  /** Of a hit: what it cost when it was called. */
  saved_usd?: number | null
  /** Models that their circuit breaker kept from being called. */
  refused: readonly string[]
  output?: Json
  files: readonly KeptFile[]
  /** Hides the secrets of the run. */
  mask<T extends Json>(value: T): T
}

export interface CallLog {
  /**
   * Before a call is made: writes that it begins, and gives the id of its report. Throws StoreError when it can't be
   * written; then the call must not be made. Absent: calls are not held up by the log.
   */
  begin?(start: CallStart): Promise<string>
  take(report: CallReport): void
  /** Resolves when what was taken is kept, or can't be. */
  flushed(): Promise<void>
}
