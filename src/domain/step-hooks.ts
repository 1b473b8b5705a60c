/** What a step passes before and after it is done, where something hooks into steps. */
import type { Json, JsonObject } from '../std/json.ts'

/** A step, item or round that begins. */
export interface HookedStep {
  run_id: string
  run_attempt: number
  workflow: string
  step: string
  index?: number
  round?: number
  kind: 'agent' | 'model' | 'workflow' | 'value' | 'approval'
  input: JsonObject
}

export interface StepHooks {
  /** Gives its input, which may be another one. Throws NonRetryableError `refused` or `plugin_failed`. */
  pre(step: HookedStep, signal: AbortSignal): Promise<JsonObject>
  /** Gives its output, which may be another one. Throws NonRetryableError `withheld` or `plugin_failed`. */
  post(step: HookedStep, output: Json, signal: AbortSignal): Promise<Json>
}
