/**
 * Everything that can happen to a run. The journal is the list of these; the state of a run is a fold over it
 * (`workflow/state.ts`). Values are masked before they get here; large ones are spilled to the artifact store.
 */
import type { Crossing } from './budget.ts'
import type { Json, JsonObject } from '../std/json.ts'
import type { MissReason } from './cache.ts'
import type { ErrorData } from './errors.ts'
import type { KeptFile } from './file.ts'
import type { QualityScore, RoutingDecision } from './routing.ts'

/** A journaled JSON value: itself, or (when large) the hash of its text in the artifact store. */
export type Spilled = { value: Json } | { spilled: { sha256: string; bytes: number } }

/** Which piece of work an event speaks of. `index`: item of a foreach; `round`: of a repeat, from 1. */
export interface WorkRef {
  step: string
  index?: number
  round?: number
}

export interface Money {
  /** null: unknown. */
  cost_usd: number | null
}

export type CallStatus = 'succeeded' | 'failed' | 'cancelled' | 'abandoned'

/** What runs again in a new attempt: a step, some items of its foreach, or only what failed in its nested runs. */
export interface RetriedStep {
  step: string
  indexes?: number[]
  nested?: true
}

export type RunEventBody =
  // ── the run ──
  | {
      type: 'run.created'
      workflow: string
      version?: string
      definition_hash: string
      /** Secret inputs stand as `{"$secret": <keyed hash>}`, files as artifact URIs. */
      inputs: JsonObject
      /** Keyed hashes of the declared environment values. */
      env: Record<string, string>
      files: KeptFile[]
      max_concurrency?: number
      budget_usd?: number
      /** No model is called for real. */
      sandbox: boolean
      /** The folder of the recording that answers in place of models. */
      replay?: string
      parent?: { run_id: string } & WorkRef
    }
  /** A driver began (or went on) driving. */
  | { type: 'run.started'; pid: number; host: string; token: number; budget_usd?: number }
  | { type: 'run.pausing'; by: string }
  | { type: 'run.cancelling'; by: string }
  /** No more work is issued: authentication, no credit, budget. The run stays resumable. */
  | { type: 'run.stopping'; error: ErrorData }
  | { type: 'run.timed_out'; after_ms: number }
  /** Steps are done with; `finally` begins. */
  | { type: 'run.finalising'; status: 'succeeded' | 'failed' | 'cancelled' }
  | { type: 'run.waiting'; waiting_for: 'approval' | 'resume'; error?: ErrorData }
  | ({
      type: 'run.settled'
      status: 'succeeded' | 'failed' | 'cancelled'
      outputs: Spilled
      error?: ErrorData
    } & Money)
  /** A new `run.attempt` (ruling 21): these steps run again, or only the failed items of a foreach. */
  | {
      type: 'run.retried'
      attempt: number
      reset: RetriedStep[]
      definition_hash: string
      by: string
    }
  // ── a step, or one item of its foreach ──
  /** `time` of this event is what `now()` gives in the step run. */
  | ({ type: 'step.started' } & WorkRef)
  | { type: 'foreach.expanded'; step: string; count: number }
  | ({
      type: 'step.settled'
      status: 'succeeded' | 'failed' | 'skipped' | 'cancelled'
      output?: Spilled
      error?: ErrorData
      reason?: string
      /** Of a skipped one: its own condition was false, or a need of it did not succeed. */
      skipped_by?: 'condition' | 'needs'
      attempts: number
      latency_ms: number
      model?: string
      cached?: boolean
      /** Of a cached one: what it cost when it was called; null: unknown. */
      saved_usd?: number | null
      files?: KeptFile[]
    } & WorkRef &
      Money)
  | ({
      type: 'round.settled'
      round: number
      output: Spilled
      attempts: number
      model?: string
      /** When it came from the cache. */
      saved_usd?: number | null
      files?: KeptFile[]
    } & WorkRef &
      Money)
  | ({ type: 'child.started'; run_id: string } & WorkRef)
  | ({ type: 'approval.requested'; message: string; inputs: JsonObject; expires_at?: number } & WorkRef)
  | ({ type: 'approval.answered'; approved: boolean; inputs: JsonObject; by: string } & WorkRef)
  // ── a call: one attempt at a target; numbered from 1 within its work ──
  | ({ type: 'model.resolved'; model: string; version: string } & WorkRef)
  /** A choice among several candidates; in the same commit as the intent of the call that follows from it. */
  | ({ type: 'call.routed'; call: number; decision: RoutingDecision } & WorkRef)
  | ({ type: 'call.uploaded'; call: number; sha256: string; url: string } & WorkRef)
  /** Written before the bytes leave. `body` is what the target will be sent, `reserve_usd` what the budget set aside. */
  | ({
      type: 'call.intended'
      call: number
      /** Position in the chain of candidates and fallbacks. */
      candidate: number
      target: string
      model: string
      version?: string
      body: Spilled
      reserve_usd?: number
      /** The agent's name; absent: a model is called by its own. */
      agent?: string
    } & WorkRef)
  /** Nothing was created and nothing spent: who was asked refused the account. The call stays open. */
  | ({ type: 'call.refused'; call: number } & WorkRef)
  /** A soft budget was passed; each is told of once in a run. */
  | ({ type: 'budget.crossed' } & Crossing & WorkRef)
  | ({ type: 'call.created'; call: number; id: string; how: 'created' | 'searched'; matches?: number } & WorkRef)
  /** After a crash: what was found of an earlier call. `lost`: its data is gone, it will be paid again. */
  | ({
      type: 'call.reattached'
      call: number
      id?: string
      how: 'known_id' | 'searched' | 'not_found' | 'lost'
    } & WorkRef)
  | ({
      type: 'call.settled'
      call: number
      status: CallStatus
      error?: ErrorData
      latency_ms: number
      /** Milliseconds until the next attempt, when there is one. */
      retry_in_ms?: number
      /** Of its answer, where something scored it. */
      quality?: QualityScore
      /** The part of its cost that was not paid for a judge, whose run has a journal of its own. Absent: all of it. */
      answer_usd?: number | null
    } & WorkRef &
      Money)
  /** The answer was given from the cache: what it stands under there, when and by which run it was kept. */
  | ({
      type: 'cache.hit'
      key: string
      target: string
      model: string
      version?: string
      kept_at: number
      kept_by?: string
      saved_ms?: number
    } & WorkRef)
  /** The cache was asked in vain, so the call is made; in the same commit as its intent. `parts`: a short hash of each field of the input. */
  | ({
      type: 'cache.missed'
      key: string
      reason: MissReason
      target: string
      model: string
      version?: string
      parts: Readonly<Record<string, string>>
    } & WorkRef)
  // ── afterwards ──
  /** What someone thinks of a decision's answer, days later perhaps; the last one counts. */
  | ({ type: 'feedback.given'; decision: string; score: number; by: string } & WorkRef)

export type RunEvent = { seq: number; time: number } & RunEventBody
export type RunEventType = RunEventBody['type']

/** The body of one kind of event. */
export type EventOf<T extends RunEventType> = Extract<RunEventBody, { type: T }>

/** What is not journaled, only shown while it happens. */
export type ProgressEvent =
  | ({ type: 'call.progress'; call: number; text?: string; status?: string; fraction?: number } & WorkRef)
  | ({ type: 'file.kept'; name: string; bytes: number } & WorkRef)

/** What the bus carries: journaled facts after they are durable, and progress. */
export interface RunNews {
  run_id: string
  event: RunEvent | (ProgressEvent & { time: number })
}
export type Bus = (news: RunNews) => void

/** What a process asks of a run that another one may be driving. */
export type RunCommand =
  | { type: 'cancel'; by: string }
  | { type: 'pause'; by: string }
  | { type: 'answer'; step: string; index?: number; approved: boolean; inputs: JsonObject; by: string }
  | ({ type: 'feedback'; decision: string; score: number; by: string } & WorkRef)
