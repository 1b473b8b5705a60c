/** What a plugin is, and what the parts that call it know of it. */
import type { ErrorData } from '../domain/errors.ts'
import type { KeptFile } from '../domain/file.ts'
import type { Json, JsonObject } from '../std/json.ts'

/** The call of an agent or model, before a candidate is chosen for it. Frozen, as all that a hook is given. */
export interface AgentContext {
  /** The same for the same call, also when it is taken up after a crash. */
  call: string
  run_id: string
  /** The run that was started, where `run_id` is nested in it; else the same. */
  root_run_id: string
  /** Of the run, from 1. */
  run_attempt: number
  workflow: string
  step: string
  /** Of the item of a `foreach`, from 0. */
  index?: number
  /** Of a `repeat`, from 1. */
  round?: number
  /** The agent, or the model as written. */
  agent: string
  /** All that may answer, fallbacks included. */
  models: readonly string[]
  /** As the step gives it: before the agent's `defaults`. */
  input: JsonObject
}

/** An answer; a hook may give back another `output`. */
export interface AgentResult {
  /** Files stand as `artifact:` URIs in it. */
  output: Json
  files: readonly KeptFile[]
  /** What answered. */
  model: string | null
  /** Of all attempts, dollars; null: unknown. */
  cost_usd: number | null
  /** Of that, what this process has spent: the rest was before a resume. */
  spent_usd: number | null
  latency_ms: number
  attempts: number
  /** Whether it came from the cache. */
  cached: boolean
}

/** How a call failed, and what was spent on it all the same. */
export type AgentFailure = Readonly<ErrorData> & Readonly<Pick<AgentResult, 'cost_usd' | 'spent_usd'>>

/** A step (or an item or round of it) that begins. */
export interface StepContext {
  run_id: string
  root_run_id: string
  run_attempt: number
  workflow: string
  step: string
  index?: number
  round?: number
  kind: 'agent' | 'model' | 'workflow' | 'value' | 'approval'
  /** Rendered; of an approval `{message}`, of a value `{}`. */
  input: JsonObject
}

export interface StepResult {
  output: Json
}

/** What a server says of itself when it has begun to listen. */
export interface ServerContext {
  url: string
  transport: string
}

/** A question to an agent, asked in a run of its own that is nested in the one that the call belongs to. */
export interface Question {
  /** An agent of the configuration, or `owner/name`. */
  agent: string
  input: JsonObject
}

export interface Told {
  output: Json
  /** It counts as the step's. null: unknown. */
  cost_usd: number | null
}

/** What every hook is handed besides what it is about. */
export interface HookTools<O = unknown, S = unknown> {
  /** As configured, and checked by the plugin's schema. */
  options: O
  /** What `setup` gave. */
  state: S
  /** Aborts when the hook's time is up, the call is cancelled or the program ends. */
  readonly signal: AbortSignal
  /** When the hook's time is up, epoch milliseconds. */
  deadline: number
  /** Tells the user something that stops nothing; the same only once. */
  warn(message: string): void
}

export interface SetupTools<O = unknown> extends Omit<HookTools<O>, 'state'> {
  /** Of the file that configures it: what paths in options are relative to. */
  folder: string
  /** Compiles an expression of the workflow language that reads `output`. Throws ConfigurationError. */
  expression(text: string): (scope: { output: Json }) => Json
}

export interface CallTools<O = unknown, S = unknown> extends HookTools<O, S> {
  /** An upper bound of what the call costs, dollars; null: nobody knows. */
  estimate(): Promise<number | null>
  /** What earlier processes had spent in this run and those that it is nested in, dollars; null: unknown. */
  earlier: readonly { run_id: string; cost_usd: number | null }[]
  /** Its time does not count as the hook's. Throws what failed. */
  ask(question: Question): Promise<Told>
  /** `return tools.refuse('why')`: gives null, and keeps the reason for the error. */
  refuse(reason: string, hint?: string): null
  /** The same, for an answer. */
  withhold(reason: string, hint?: string): null
}

type Maybe<T> = T | null | undefined | void
type Later<T> = T | Promise<T>

/**
 * The extension points. `undefined` leaves things as they are. What a hook is given is frozen; what it gives back is
 * checked. Every call that `agent_pre_execute` let through is followed by just one of `agent_post_execute` and
 * `agent_error`.
 */
export interface Hooks<O = unknown, S = unknown> {
  /** Once, before the first call; what it gives is the `state` of the other hooks. */
  setup?(tools: SetupTools<O>): Later<S>
  /** Once, at the end of the program. */
  teardown?(tools: HookTools<O, S>): Later<void>
  /** When a server has begun to listen. */
  server_init?(server: ServerContext, tools: HookTools<O, S>): Later<void>
  /** Before a server ends. */
  server_close?(tools: HookTools<O, S>): Later<void>
  /** The context, perhaps with another `input`; null refuses the call. */
  agent_pre_execute?(context: AgentContext, tools: CallTools<O, S>): Later<Maybe<AgentContext>>
  /** The result, perhaps with another `output`; null withholds it. */
  agent_post_execute?(context: AgentContext, result: AgentResult, tools: CallTools<O, S>): Later<Maybe<AgentResult>>
  /** The call failed, was cancelled or refused; nothing that this does changes that. */
  agent_error?(context: AgentContext, error: AgentFailure, tools: CallTools<O, S>): Later<void>
  /** The context, perhaps with another `input`; null refuses the step. */
  step_pre?(context: StepContext, tools: StepTools<O, S>): Later<Maybe<StepContext>>
  /** The result, perhaps with another `output`; null withholds it. */
  step_post?(context: StepContext, result: StepResult, tools: StepTools<O, S>): Later<Maybe<StepResult>>
}

export type StepTools<O = unknown, S = unknown> = HookTools<O, S> & Pick<CallTools, 'refuse' | 'withhold'>

export const hookNames = [
  'setup',
  'teardown',
  'server_init',
  'server_close',
  'agent_pre_execute',
  'agent_post_execute',
  'agent_error',
  'step_pre',
  'step_post',
] as const satisfies readonly (keyof Hooks)[]
export type HookName = (typeof hookNames)[number]

/** https://standardschema.dev: what zod, valibot and arktype schemas are. */
export interface StandardSchema<O = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): Later<StandardOutcome<O>>
    readonly types?: { readonly input: unknown; readonly output: O } | undefined
  }
}

export type StandardOutcome<O> =
  | { readonly value: O; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly message: string
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
      }[]
    }

export type OnError = 'open' | 'closed'

export interface Plugin<O = unknown, S = unknown> {
  /** Lower-case letters, digits, `_` and `-`. */
  name: string
  description?: string
  hooks: Hooks<O, S>
  /** What its options must be: a zod (or other standard) schema, or a JSON Schema. Absent: it takes none. */
  options?: StandardSchema<O> | JsonObject
  /** When it fails: `closed` (the default) fails what it was asked about, `open` goes on without it. */
  on_error?: OnError
  /** Of each hook: seconds, or text as in `500ms`. 5 s by default. */
  timeout?: number | string
  /** Lower ones are asked first before a call, and last after it. 0 by default; the same: as they are configured. */
  order?: number
}

// ── what the executor knows of plugins ──

export interface HookedCall {
  context: AgentContext
  signal: AbortSignal
  /** Plugins whose question this call answers: they are not asked about it. */
  asked_by: readonly string[]
  earlier: CallTools['earlier']
  estimate(input: JsonObject): Promise<number | null>
  ask(question: Question & { asked_by: readonly string[] }, signal: AbortSignal): Promise<Told>
}

/** A call that was let through. */
export interface Entered {
  /** Undefined: it is as it was. */
  input: JsonObject | undefined
  /** Gives the output, which may be another one. Throws NonRetryableError `withheld` or `plugin_failed`. */
  answered(result: AgentResult): Promise<Json>
  failed(error: AgentFailure): Promise<void>
  /** Why a call that an earlier process had made would not be made now. */
  refusal?: Error
}

export interface CallHooks {
  /**
   * `made`: an earlier process did, so it can't be refused any more. Throws NonRetryableError `refused` or `plugin_failed`,
   * the reason of the call's signal, and what stops a run.
   */
  enter(call: HookedCall, made: boolean): Promise<Entered>
}
