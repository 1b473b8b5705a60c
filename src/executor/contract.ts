/** The one path of every call: route → guard → call → learn. What the workflow's loop knows of it. */
import type { Crossing } from '../domain/budget.ts'
import type { CachePolicy, RetryPolicy } from '../domain/definition.ts'
import type { ErrorData } from '../domain/errors.ts'
import type { EventOf } from '../domain/events.ts'
import type { KeptFile } from '../domain/file.ts'
import type { QosPolicy, QualityScore, RoutingPolicy } from '../domain/routing.ts'
import type { Json, JsonObject } from '../std/json.ts'
import type { CallFiles, Candidate, OpenCall } from '../targets/target.ts'

export type { CallFiles, Candidate } from '../targets/target.ts'

/** A call with everything about it decided but which candidate answers it. */
export interface CallSpec {
  /** In order: the agent's candidates, its fallbacks, the step's (ruling 46). Never empty. */
  chain: readonly Candidate[]
  /** Rendered; merged over each candidate's defaults. */
  input: JsonObject
  /** Of candidates that have none of their own. */
  retry: RetryPolicy
  /** Covers the whole chain. */
  timeout_ms?: number
  /** Absent: of each candidate its own. */
  cache?: CachePolicy
  output_schema?: JsonObject
  /** How to choose among an agent's candidates, by their `name`; absent: as `defaultRouting` says. */
  routes?: ReadonlyMap<string, RoutePolicy>
}

/** How one agent's candidates are chosen among. */
export interface RoutePolicy {
  routing: RoutingPolicy
  qos?: QosPolicy
}

/** What earlier processes did of this very call, from the journal. */
export interface PriorCalls {
  /** Attempts that were settled, per position in the chain. */
  attempts: readonly number[]
  /** The position of the attempt that was settled last; absent: none was. */
  last?: number
  /** Numbered calls so far; the next one is `calls + 1`. */
  calls: number
  /** Known costs of settled attempts, dollars; null when one is unknown. */
  cost_usd: number | null
  /**
   * The one that was in flight, with its position in the chain; also one that was settled as `abandoned`
   * (its outcome was never learned, and the next attempt had not begun).
   */
  open?: OpenCall & { candidate: number }
  /** Others that were in flight beside it, as those of a hedge are: they are made no more. */
  orphans?: readonly { call: number; candidate: number }[]
  /** Prediction ids of settled calls: a search for a lost one must not adopt them. */
  ids?: readonly string[]
  /** Why the last settled attempt failed, for when no attempt is left. */
  last_error?: ErrorData
  /** Milliseconds spent before, for the timeout. */
  elapsed_ms: number
  /** The same, per position in the chain. */
  elapsed_by?: readonly number[]
  /** The settled attempts themselves. */
  settled?: readonly PriorAttempt[]
}

/** An attempt that an earlier process settled. */
export interface PriorAttempt {
  call: number
  /** Position in the chain. */
  candidate: number
  target: string
  model: string
  version?: string
  /** Of its prediction. */
  id?: string
  /** Epoch milliseconds. */
  intended_at: number
  settled: EventOf<'call.settled'>
}

/** Money set aside for calls in flight, settled after (ruling 20). */
export interface BudgetGate {
  /** Whether a hard cap applies, so that an unknown price is an error before the call. */
  readonly hard: boolean
  /** What a call of unknown price is taken to cost under a hard cap, dollars. */
  readonly default_usd?: number
  /**
   * Throws BudgetExceededError when the cap would be passed; gives a release function that takes the real cost
   * (null: unknown, the whole reservation counts as spent). Zero is never refused.
   */
  reserve(usd: number): (actual_usd: number | null) => void
  /**
   * Resolves when a reservation was released: an upper bound gives most of itself back. Undefined when nothing is in
   * flight that could make room. Without this method a refusal is final.
   */
  freed?(): Promise<void> | undefined
  /** Counts what was spent without a reservation, or (less than zero) was counted and not spent, dollars. */
  add(usd: number): void
  /** Soft caps that what was set aside just now has passed, each once. */
  crossed?(): Crossing[]
  /** Whether a budget is named for the first time in this run: so that it is warned of once. */
  first?(budget: string): boolean
}

type Without<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never
/** A call event without the work it belongs to, which the journal adds. */
export type CallFact = Without<
  EventOf<
    | 'model.resolved'
    | 'call.routed'
    | 'call.uploaded'
    | 'call.intended'
    | 'call.refused'
    | 'budget.crossed'
    | 'call.created'
    | 'call.reattached'
    | 'call.settled'
    | 'cache.hit'
    | 'cache.missed'
  >,
  'step' | 'index' | 'round' | 'body'
> & { body?: Json }

/** An answer that fits its schema, before its call is settled. */
export interface Answer {
  /** Name of the candidate: an agent, or a model as written. */
  agent: string
  call: number
  /** What really answered. */
  model: string
  input: JsonObject
  output: Json
  files: readonly KeptFile[]
  latency_ms: number
  /** null: unknown. */
  cost_usd: number | null
}

export interface Scored extends QualityScore {
  /** false: the answer is not good enough, and the next candidate is asked. Absent: there is no bar. */
  accepted?: boolean
  /** What finding out cost, dollars; it has passed the budget already. null: unknown. */
  judging_usd: number | null
}

export interface CallContext {
  signal: AbortSignal
  /** When what the call is part of ends (a workflow, the step of a nested one), epoch milliseconds; the signal tells. */
  deadline?: number
  prior: PriorCalls
  /**
   * Resolves when the facts are durable, all of them in one commit. Throws StoreError `lease_lost` when this process no
   * longer drives the run.
   */
  record(...facts: CallFact[]): Promise<void>
  /**
   * Takes the fact that settles the last call, to be journaled in one commit with the end of the work it belongs to:
   * were there two commits, a crash between them would lose what was paid for. Without this method it is recorded.
   */
  recordLast?(fact: CallFact): void
  claim(predictionId: string): Promise<boolean>
  files: CallFiles
  versionOf(model: string): string | undefined
  budget: BudgetGate
  mask<T extends Json>(value: T): T
  /**
   * What an answer is worth; undefined: nothing says so. Asked before the call settles: after a crash the call is taken up
   * and scored again. What it throws fails the call; it is told of the end of the work by the signal.
   */
  score?(answer: Answer, signal: AbortSignal): Promise<Scored | undefined>
  progress(news: { call: number; text?: string; status?: string; fraction?: number }): void
  /** Told how long an attempt was held back by limits, bulkhead and budget, milliseconds. */
  waited?(ms: number): void
  labels: CallLabels
  /** What earlier processes had spent in this run and those that it is nested in, dollars; null: unknown. */
  earlier?: readonly { run_id: string; cost_usd: number | null }[]
  /**
   * Asks an agent, for a plugin, in a run nested in this one: the same question is paid once. What it costs counts as the
   * step's. Throws what failed it.
   */
  ask?(question: PluginQuestion, signal: AbortSignal): Promise<{ output: Json; cost_usd: number | null }>
}

export interface PluginQuestion {
  /** An agent that is configured, or `owner/name`. */
  agent: string
  input: JsonObject
  /** The plugin that asks, after those whose question it is asked about. */
  asked_by: readonly string[]
}

/** Where a call is made. */
export interface CallLabels {
  run_id: string
  /** Of the outermost run; absent: it is this one. */
  root?: string
  /** Of the run, from 1. */
  attempt?: number
  workflow: string
  step: string
  index?: number
  round?: number
  /** Plugins that this call is made for. */
  asked_by?: readonly string[]
}

interface OutcomeFields {
  attempts: number
  latency_ms: number
  cost_usd: number | null
  model?: string
}

export type CallOutcome =
  /** `saved_usd`: of a cached one, what it cost when it was called; null: unknown. */
  | ({
      status: 'succeeded'
      output: Json
      files: KeptFile[]
      cached: boolean
      saved_usd?: number | null
    } & OutcomeFields)
  | ({ status: 'failed'; error: ErrorData } & OutcomeFields)
  /** The signal was aborted. */
  | ({ status: 'cancelled' } & OutcomeFields)
  /** Nothing more should be issued in this run: authentication, no credit, budget (rulings 18, 47). */
  | ({ status: 'stopped'; error: ErrorData } & OutcomeFields)

export interface Executor {
  /**
   * Everything is an outcome, but for two rejections: the journal's (a fact could not be recorded), and the reason of
   * a signal that abandons the work without calling it off (`isCalledOff`); then the call stays open in the journal.
   */
  execute(spec: CallSpec, context: CallContext): Promise<CallOutcome>
  /** Resolves when what was told of calls that are over is kept: due before the work that they belong to settles. */
  reported?(): Promise<void>
  close(): Promise<void>
}
