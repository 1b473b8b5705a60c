/** What predictions cost: the API tells no price, so it is what a price and the metrics of the prediction make. */
import { costOfAmounts, type Rates, type Unit } from '../../domain/price.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Prediction } from './prediction.ts'

/**
 * Dollars of a prediction that has ended; null: unknown. Machine time is billed however it ended. Unit prices are for
 * what succeeded; one that was canceled while it ran counts in full, for Replicate may bill it.
 */
export function costOf(prediction: Prediction, rates: Rates | undefined): number | null {
  if (prediction.status === 'aborted') return 0
  if (!rates) return null
  const second = numberIn(prediction.metrics, 'predict_time')
  const began = prediction.started_at !== undefined || (second ?? 0) > 0
  if (prediction.status === 'canceled' && !began) return 0
  if (prediction.status === 'failed') return costOfAmounts({ usd_per_second: rates.usd_per_second ?? 0 }, { second })
  return costOfAmounts(rates, { ...amountsOf(prediction), call: 1, second })
}

/** Whether only the metrics tell the cost: not where nothing is charged for, or just the call, nor without a price. */
export function isMetered(rates: Rates = {}): boolean {
  return Object.entries(rates).some(([name, usd]) => name !== 'usd_per_call' && usd !== 0)
}

/** Both of the names that Replicate has had for each. */
const metricNames = {
  input_character: ['character_input_count', 'character_count'],
  input_token: ['token_input_count', 'input_token_count'],
  output_token: ['token_output_count', 'output_token_count'],
} as const
const outputCounts = ['image_output_count', 'image_count', 'video_output_count', 'audio_output_count'] as const
const outputSeconds = ['video_output_duration_seconds', 'audio_output_duration_seconds'] as const

function amountsOf(prediction: Prediction): Partial<Record<Unit, number | undefined>> {
  const { metrics } = prediction
  const output = numberIn(metrics, ...outputCounts) ?? outputsOf(prediction)
  const asked = secondsAsked(prediction.input)
  const output_second =
    numberIn(metrics, ...outputSeconds) ?? (asked === undefined || output === undefined ? undefined : asked * output)
  return {
    output,
    output_second,
    input_character: numberIn(metrics, ...metricNames.input_character),
    input_token: numberIn(metrics, ...metricNames.input_token),
    output_token: numberIn(metrics, ...metricNames.output_token),
  }
}

function outputsOf({ output, status, input }: Prediction): number | undefined {
  if (status === 'canceled') return outputsAsked(input)
  if (output === null) return undefined
  return Array.isArray(output) ? output.length : 1
}

/** The first of the metrics that is there. */
function numberIn(metrics: JsonObject, ...names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = metrics[name]
    if (typeof value === 'number' && value >= 0) return value
  }
  return undefined
}

/** Tokens that went in and came out, by the metrics; undefined: they do not say. */
export function tokensIn(metrics: JsonObject): number | undefined {
  const [input, output] = [
    numberIn(metrics, ...metricNames.input_token),
    numberIn(metrics, ...metricNames.output_token),
  ]
  return input === undefined && output === undefined ? undefined : (input ?? 0) + (output ?? 0)
}

// ── what it is likely to cost ──

/** What a token of English has, and what a model that may say more usually says. */
const bytesPerToken = 4
const usualOutputTokens = 200
const mostTokenNames = ['max_tokens', 'max_new_tokens', 'max_completion_tokens', 'max_output_tokens', 'max_length']

/** Dollars, when the call takes `latency_ms` (null: nobody knows); null: unknown. For comparing models, not for budgets. */
export function usualCost(rates: Rates | undefined, input: JsonObject, latency_ms: number | null): number | null {
  const bytes = textBytes(input)
  const outputs = outputsAsked(input)
  const seconds = secondsAsked(input)
  return costOfAmounts(rates, {
    call: 1,
    second: latency_ms === null ? undefined : Math.min(longestRunSeconds, latency_ms / 1_000),
    output: outputs,
    output_second: seconds === undefined ? undefined : seconds * outputs,
    input_character: bytes,
    input_token: bytes / bytesPerToken,
    output_token: Math.min(usualOutputTokens, tokensAsked(input)),
  })
}

/** Tokens of the input, and those that it lets the model answer with. */
export function likelyTokens(input: JsonObject): number {
  const asksFor = asked(input, mostTokenNames)
  return Math.ceil(textBytes(input) / bytesPerToken) + (asksFor ?? usualOutputTokens)
}

// ── what it may cost at most ──

/** Replicate ends predictions after this long. */
const longestRunSeconds = 1_800
/** A cancel that is late, and the shortest `Cancel-After`. */
const lateSeconds = 5
/** Where an input does not limit its answer. */
const mostOutputTokens = 16_384

/** Dollars; null: unknown. */
export function mostCost(rates: Rates | undefined, input: JsonObject, timeout_ms: number | undefined): number | null {
  if (!rates) return null
  const limit = timeout_ms === undefined ? longestRunSeconds : Math.max(lateSeconds, timeout_ms / 1_000) + lateSeconds
  const outputs = outputsAsked(input)
  const seconds = secondsAsked(input)
  // No character or token is shorter than a byte.
  const bytes = textBytes(input)
  return costOfAmounts(rates, {
    call: 1,
    second: Math.min(longestRunSeconds, limit),
    output: outputs,
    output_second: seconds === undefined ? undefined : seconds * outputs,
    input_character: bytes,
    input_token: bytes,
    output_token: tokensAsked(input),
  })
}

function outputsAsked(input: JsonObject): number {
  return asked(input, ['num_outputs', 'max_images', 'number_of_images', 'num_images']) ?? 1
}

function tokensAsked(input: JsonObject): number {
  return asked(input, mostTokenNames) ?? mostOutputTokens
}

/** Of video or sound; undefined where the input leaves it to the model. */
function secondsAsked(input: JsonObject): number | undefined {
  return asked(input, ['duration', 'duration_seconds', 'video_length', 'seconds'])
}

/** Some models take their numbers as text: `"5"`, `"5s"`. */
function asked(input: JsonObject, names: readonly string[]): number | undefined {
  for (const name of names) {
    const value = input[name]
    const number = typeof value === 'string' ? Number(/^(\d+(?:\.\d+)?)\s*s?$/.exec(value)?.[1]) : value
    if (typeof number === 'number' && number > 0 && Number.isFinite(number)) return number
  }
  return undefined
}

function textBytes(value: Json): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + textBytes(each), 0)
  if (!isObject(value)) return 4
  return Object.values(value).reduce<number>((sum, each) => sum + textBytes(each), 0)
}
