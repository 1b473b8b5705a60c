/** What a target adapter must do: make one call, so that it can be taken up again after a crash. */
import type { BreakerPolicy } from '../domain/breaker.ts'
import type { AgentBudget } from '../domain/budget.ts'
import type { CachePolicy } from '../domain/definition.ts'
import type { RetryPolicy } from '../domain/retry-policy.ts'
import type { HedgePolicy } from '../domain/hedge.ts'
import type { KeptFile } from '../domain/file.ts'
import type { Bulkhead, CallLimits } from '../domain/rate-limit.ts'
import type { Price } from '../domain/price.ts'
import type { ModelVersions, VersionPin } from '../domain/version-pin.ts'
import type { Clock } from '../std/clock.ts'
import type { Json, JsonObject } from '../std/json.ts'
import type { Random } from '../std/random.ts'

/** One model (or function, …) that can be called, and how. */
export interface Candidate {
  /** The agent's name, or the model as written. */
  name: string
  target: string
  /** `owner/name`, `owner/name:version`, a deployment's `owner/name`, or a function's name. */
  model: string
  deployment: boolean
  /** How far its version may move by itself; absent: `latest`. */
  version_pin?: VersionPin
  defaults: JsonObject
  input_schema?: JsonObject
  price?: Price
  /** Absent: the call's. */
  retry?: RetryPolicy
  /** How long its agent may take, all of its candidates and attempts together. */
  timeout_ms?: number
  /** Its agent's; where the call has one, that holds. */
  cache?: CachePolicy
  hedge?: HedgePolicy
  breaker?: BreakerPolicy
  limits?: CallLimits
  bulkhead?: Bulkhead
  budget?: AgentBudget
}

/** A call of an earlier process that was never settled. */
export interface OpenCall {
  call: number
  model: string
  version?: string
  /** What was, or was about to be, sent. */
  body: Json
  /** When the intent was journaled, epoch milliseconds. */
  intended_at: number
  /** The prediction's id, where its create was answered. */
  id?: string
  /** What was set aside for it, dollars. */
  reserve_usd?: number
}

/** The facts that a target must have made durable before it goes on; each resolves when it is. */
export interface CallRecorder {
  /** The version that `owner/name` means in this run; the first one recorded wins and is given back. */
  resolved(model: string, version: string): Promise<string>
  uploaded(sha256: string, url: string): Promise<void>
  /** Before the create's bytes leave. Throws when the lease is lost (the same tick must then send nothing). */
  intended(body: Json, version: string | undefined): Promise<void>
  /** After the create was answered, or after a search found it. */
  created(id: string, how: 'created' | 'searched', matches?: number): Promise<void>
  reattached(how: 'known_id' | 'searched' | 'not_found' | 'lost', id?: string): Promise<void>
  /** Claims a prediction found by search; false when another piece of work has it. */
  claim(id: string): Promise<boolean>
}

/** Files of the run: what inputs refer to, and where outputs are kept. */
export interface CallFiles {
  /** The kept file behind an `artifact:` URI that this run holds, or undefined. */
  find(uri: string): KeptFile | undefined
  read(sha256: string): Promise<Uint8Array>
  /** Whether a file is kept; if so, it counts as put now. */
  renew(sha256: string): Promise<boolean>
  keep(bytes: Uint8Array | AsyncIterable<Uint8Array>, name: string, mediaType?: string): Promise<KeptFile>
  /** An upload made earlier in this run and still good. */
  uploadOf(sha256: string): string | undefined
}

/** What fixing a model's version for the run takes. */
export interface PinContext {
  signal: AbortSignal
  versionOf(model: string): string | undefined
  resolved(model: string, version: string): Promise<string>
}

export interface TargetContext {
  signal: AbortSignal
  clock: Clock
  random: Random
  record: CallRecorder
  files: CallFiles
  /** Set when this call takes up an earlier one. */
  open?: OpenCall
  /** The version that the run has already fixed for a model (ruling 19). */
  versionOf(model: string): string | undefined
  /** When the attempt must be over, epoch milliseconds; a remote may be told to stop by then. Moves while it waits to be sent. */
  deadline?(): number | undefined
  /** Limits go by the tokens of the result. */
  counts_tokens?: boolean
  /** Replaces secrets in a value; applied to remote bodies before they are compared with the journal. */
  mask<T extends Json>(value: T): T
  progress(news: { text?: string; status?: string; fraction?: number }): void
  labels: { run_id: string; step: string; index?: number }
}

export interface TargetResult {
  /** Files stand as `artifact:` URIs in it. */
  output: Json
  files: KeptFile[]
  /** null: unknown. */
  cost_usd: number | null
  /** What really answered, `owner/name` or `owner/name:version`. */
  model: string
  /** That went in and came out; absent: unknown. */
  tokens?: number
  metrics?: JsonObject
}

/** What is known about a model before it is called. */
export interface ModelInfo {
  name: string
  description?: string
  version?: string
  /** The version's own number, and when it was published. */
  tag?: string
  created_at?: string
  input_schema?: JsonObject
  output_schema?: JsonObject
  run_count?: number
  url?: string
  /** Kept running, and versioned, by the provider itself. */
  official?: boolean
}

export interface Target {
  readonly kind: string
  /** Whether making a call twice does and costs nothing that making it once does not: it may then be hedged. */
  readonly idempotent?: boolean
  /**
   * Makes one attempt. Throws ReplicateAgentError classes: RetryableError kinds for what may help again,
   * AuthenticationError / `payment_required` for what stops a run; NonRetryableError('outcome_unknown') never without a search.
   * On abort of the signal it cancels at the remote (where it can, and only if `isCalledOff(reason)`), and throws the
   * signal's reason or an error with it as its cause.
   * An error may carry what was spent as `details.cost_usd` (null: unknown; absent: nothing), and
   * `details.unanswered: true` when its outcome is still open at the remote: the next attempt is then given it as `open`.
   */
  call(candidate: Candidate, input: JsonObject, context: TargetContext): Promise<TargetResult>
  /** What the candidate's model means in this run, version included: what a cached result is kept under. */
  pin?(candidate: Candidate, context: PinContext): Promise<string>
  /** An upper bound of what a call costs, or null when nobody knows (ruling 20). */
  estimate(candidate: Candidate, input: JsonObject, context: { timeout_ms?: number }): Promise<number | null>
  /** What a call typically costs, when it takes `latency_ms` (null: nobody knows); null when its price is not known. */
  expect?(candidate: Candidate, input: JsonObject, context: { latency_ms: number | null }): Promise<number | null>
  /** Tokens that a call is likely to use; undefined: nobody knows. */
  tokens?(candidate: Candidate, input: JsonObject): number | undefined
  /** Cancels a remote prediction of a run that nobody drives any more (ruling 33). */
  cancel?(id: string, signal: AbortSignal): Promise<void>
  describe?(model: string, signal: AbortSignal): Promise<ModelInfo>
  /** Models that answer to the words, best first, without their schemas. */
  search?(query: string, limit: number, signal: AbortSignal): Promise<ModelInfo[]>
  /** Where models have versions. */
  readonly versions?: ModelVersions
  close(): Promise<void>
}
