/** The state of a run, as `fold.ts` makes it from the journal. The same events give the same state, live or resumed. */
import type { Crossing } from '../domain/budget.ts'
import type { ErrorData } from '../domain/errors.ts'
import type { EventOf, Spilled, WorkRef } from '../domain/events.ts'
import type { KeptFile } from '../domain/file.ts'
import type { RunStatus, StepStatus } from '../domain/run.ts'
import type { Json, JsonObject } from '../std/json.ts'

export interface CallState {
  call: number
  candidate: number
  target: string
  model: string
  version?: string
  body: Spilled
  intended_at: number
  id?: string
  reserve_usd?: number
  /** What budgets count of it, dollars: while it is open, what was set aside. */
  counted: number
  settled?: EventOf<'call.settled'>
}

export interface RoundState {
  output: Spilled
  attempts: number
  cost_usd: number | null
}

/** A step run, or one item of a foreach. */
export interface WorkState {
  status: StepStatus
  /** What `now()` gives in it; epoch milliseconds. */
  started_at: number
  settled_at?: number
  output?: Spilled
  error?: ErrorData
  reason?: string
  attempts: number
  latency_ms: number
  cost_usd: number | null
  model?: string
  cached?: boolean
  /** Of a cached one, or of rounds that were: what that had cost; null: unknown. */
  saved_usd?: number | null
  files: KeptFile[]
  rounds: RoundState[]
  /** Of the current round. */
  calls: CallState[]
  child_run_id?: string
  /** Its nested run is to be retried before it goes on. */
  retries_nested?: true
  approval?: {
    message: string
    inputs: JsonObject
    expires_at?: number
    answer?: { approved: boolean; inputs: JsonObject; by: string; at: number }
  }
}

export interface StepState extends WorkState {
  /** Of a foreach, once its list is known. */
  count?: number
  items: Map<number, WorkState>
}

export interface RunState {
  run_id: string
  seq: number
  workflow: string
  version?: string
  definition_hash: string
  status: RunStatus
  waiting_for?: 'approval' | 'resume'
  attempt: number
  inputs: JsonObject
  env: Record<string, string>
  files: Map<string, KeptFile>
  /** Uploads of files by their hash, and versions of models, fixed for this run (ruling 19). */
  uploads: Map<string, string>
  versions: Map<string, string>
  max_concurrency?: number
  budget_usd?: number
  /** Soft budgets that were passed. */
  crossed: Crossing[]
  sandbox: boolean
  /** The folder of the recording that answers in place of models. */
  replay?: string
  parent?: { run_id: string } & WorkRef
  created_at: number
  updated_at: number
  /** Milliseconds that some driver drove it, up to the last event. */
  active_ms: number
  pausing: boolean
  cancelling: boolean
  stopping?: ErrorData
  timed_out_ms?: number
  finalising?: 'succeeded' | 'failed' | 'cancelled'
  steps: Map<string, StepState>
  /** Dollars of everything that was ever called, steps that ran again included; null when a part is unknown. */
  cost_usd: number | null
  /** What budgets count, dollars: where a cost is not known, what was set aside. By step, too: of `run.attempt`. */
  spent_usd: number
  spent_in: Map<string, number>
  outputs?: Spilled
  error?: ErrorData
}

/** Before its first event. */
export function emptyState(runId: string): RunState {
  return {
    run_id: runId,
    seq: 0,
    workflow: '',
    definition_hash: '',
    status: 'running',
    attempt: 1,
    inputs: {},
    env: {},
    files: new Map(),
    uploads: new Map(),
    versions: new Map(),
    sandbox: false,
    created_at: 0,
    updated_at: 0,
    active_ms: 0,
    crossed: [],
    pausing: false,
    cancelling: false,
    steps: new Map(),
    cost_usd: 0,
    spent_usd: 0,
    spent_in: new Map(),
  }
}

/** Adds two costs; unknown stays unknown. */
export function addCost(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}

export function difference(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b
}

export function isSettled(work: WorkState | undefined): boolean {
  return work !== undefined && work.status !== 'running' && work.status !== 'waiting'
}

/** An approval that somebody was asked for, and that nobody has given yet. */
export function waitsForAnswer({ approval }: WorkState): boolean {
  return approval !== undefined && approval.answer === undefined
}

/** The state of a piece of work, if it has begun. */
export function workOf(state: RunState, ref: WorkRef): WorkState | undefined {
  const step = state.steps.get(ref.step)
  return ref.index === undefined ? step : step?.items.get(ref.index)
}

/** The call of a piece of work that is in flight, or was given up without knowing how it went. */
export function openCall(work: WorkState | undefined): CallState | undefined {
  const last = work?.calls.at(-1)
  return last && (!last.settled || last.settled.status === 'abandoned') ? last : undefined
}

/** The value behind a journaled one; spilled values must have been loaded into `loaded` by hash. */
export function unspill(spilled: Spilled | undefined, loaded: ReadonlyMap<string, Json>): Json {
  if (!spilled) return null
  if ('value' in spilled) return spilled.value
  return loaded.get(spilled.spilled.sha256) ?? null
}
