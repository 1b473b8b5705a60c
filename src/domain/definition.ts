/**
 * The checked definition of a workflow: plain JSON, normalised (defaults merged, durations in milliseconds),
 * as the loader makes it and as a run keeps its own copy of it. Expressions and templates are kept as written.
 */
import type { Json, JsonObject } from '../std/json.ts'
import type { BreakerPolicy } from './breaker.ts'
import type { AgentBudget, Cap } from './budget.ts'
import type { CacheLimits, CachePolicyName } from './cache.ts'
import type { HedgePolicy } from './hedge.ts'
import type { Price } from './price.ts'
import type { Bulkhead, CallLimits } from './rate-limit.ts'
import type { RetryPolicy } from './retry-policy.ts'
import type { QosPolicy, RoutingPolicy } from './routing.ts'
import type { VersionPin } from './version-pin.ts'

export { defaultRetry, type RetryPolicy } from './retry-policy.ts'

export interface InputSpec {
  type: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | 'file' | 'files'
  description?: string
  default?: Json
  enum?: Json[]
  /** Numbers: the value; strings: characters; arrays: items. */
  min?: number
  max?: number
  /** re2 syntax, strings only. */
  pattern?: string
  /** `file` and `files`: how names may end, as in `.png`. */
  accept?: string[]
  /** `files`: whether what they hold is read as UTF-8 text. */
  text?: boolean
  required: boolean
  secret: boolean
}

/** How answers of an agent are kept. */
export interface CachePolicy extends CacheLimits {
  /** What goes first; default: `lru`. */
  policy?: CachePolicyName
  /** Forever when absent. */
  ttl_ms?: number
}

/** What makes the calls of an agent. */
export const targetKinds = ['replicate', 'function'] as const
type TargetKind = (typeof targetKinds)[number]

export interface AgentDefinition {
  target: TargetKind
  /** `owner/name` or `owner/name:version`; several are candidates in order of preference. Function agents: the function's name. */
  models: string[]
  /** `owner/name` of a deployment; then `models` is empty. */
  deployment?: string
  description?: string
  input_schema?: JsonObject
  defaults: JsonObject
  /** Names of the environment variables that stand as `${NAME}` in `defaults`; absent: nothing there does. */
  env?: string[]
  retry?: RetryPolicy
  timeout_ms?: number
  cache?: CachePolicy
  hedge?: HedgePolicy
  breaker?: BreakerPolicy
  /** Agent names or models, tried in order after this one failed. */
  fallback: string[]
  price?: Price
  limits?: CallLimits
  bulkhead?: Bulkhead
  budget?: AgentBudget
  /** Words to find it by. */
  tags?: string[]
  /** How its candidates are chosen among. Absent: `defaultRouting`. */
  routing?: RoutingPolicy
  qos?: QosPolicy
  /** How far the versions of its models may move by themselves. Absent: `latest`. */
  version_pin?: VersionPin
}

export interface ForeachDefinition {
  /** A template or literal list. */
  in: Json
  as: string
  max_concurrency?: number
  fail_fast: boolean
}

export interface RepeatDefinition {
  /** A bare expression. */
  until?: string
  max: number
}

export interface ApprovalDefinition {
  /** A template. */
  message: string
  inputs: Record<string, InputSpec>
  timeout_ms?: number
}

/** What a step does: exactly one. */
export type StepAction =
  | { kind: 'agent'; agent: string }
  | { kind: 'model'; model: string }
  /** `ref` is a key of the definition's `workflows`. */
  | { kind: 'workflow'; ref: string }
  | { kind: 'value'; value: Json }
  | { kind: 'approval'; approval: ApprovalDefinition }

export interface StepDefinition {
  action: StepAction
  description?: string
  /** As declared; implied needs are the plan's. */
  needs: string[]
  /** A bare expression. */
  condition?: string
  /** A JSON value with templates in its strings; `input_map` is folded in. */
  input: JsonObject
  foreach?: ForeachDefinition
  repeat?: RepeatDefinition
  /** Over the policy of whichever agent answers it. Of a nested workflow: absent, it is not run again. */
  retry?: Partial<RetryPolicy>
  /** Covers the whole chain. */
  timeout_ms?: number
  on_error: 'fail' | 'continue'
  fallback: string[]
  output_schema?: JsonObject
  output_key?: string
  /** false: off, though the agent caches. */
  cache?: CachePolicy | false
  /** In place of the agent's `routing.task`. */
  task?: string
  /** Over what the agents that answer it ask for, key by key. */
  qos?: QosPolicy
  /** Over all attempts and items, dollars. */
  budget?: Cap
}

export interface WorkflowDefinition {
  name: string
  description?: string
  version?: string
  env: string[]
  inputs: Record<string, InputSpec>
  agents: Record<string, AgentDefinition>
  steps: Record<string, StepDefinition>
  finally: Record<string, StepDefinition>
  /** Name → value with templates. */
  outputs: Record<string, Json>
  max_concurrency: number
  /** Of calls whose agent has no policy of its own. */
  retry?: RetryPolicy
  timeout_ms?: number
  budget_usd?: number
  /** Passing this many dollars is warned of. */
  budget_soft_usd?: number
  /** Nested workflows by the reference that steps use, each a whole copy. */
  workflows: Record<string, WorkflowDefinition>
}
