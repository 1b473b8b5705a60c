/** What calls cost: the API tells no price, so a table of public ones, which a user can override, and the metrics. */
import type { Price } from '../../domain/definition.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { Candidate } from '../target.ts'
import type { Prediction } from './prediction.ts'

/** Dollars a second, by hardware. */
const hardwarePrices = {
  cpu: 0.0001,
  'gpu-t4': 0.000225,
  'gpu-l40s': 0.000975,
  'gpu-a100-large': 0.0014,
  'gpu-h100': 0.001525,
} as const

const seconds = (sku: keyof typeof hardwarePrices): Price => ({ usd_per_second: hardwarePrices[sku] })
const image = (usd: number): Price => ({ usd_per_output: usd })
const tokens = (inputPerMillion: number, outputPerMillion: number): Price => ({
  usd_per_input_token: inputPerMillion / 1e6,
  usd_per_output_token: outputPerMillion / 1e6,
})

/** Public list prices as of November 2026, by `owner/name`. What is missing has an unknown price. */
const modelPrices: Readonly<Record<string, Price>> = {
  'black-forest-labs/flux-schnell': image(0.003),
  'black-forest-labs/flux-dev': image(0.025),
  'black-forest-labs/flux-1.1-pro': image(0.04),
  'black-forest-labs/flux-kontext-pro': image(0.04),
  'bytedance/seedream-4': image(0.03),
  'google/imagen-4-fast': image(0.02),
  'google/nano-banana': image(0.039),
  'ideogram-ai/ideogram-v3-turbo': image(0.03),
  'recraft-ai/recraft-v3': image(0.04),
  'recraft-ai/recraft-crisp-upscale': image(0.006),
  'recraft-ai/recraft-remove-background': image(0.01),
  'minimax/video-01': image(0.5),
  'stability-ai/sdxl': seconds('gpu-l40s'),
  'bytedance/sdxl-lightning-4step': seconds('gpu-l40s'),
  'nightmareai/real-esrgan': seconds('gpu-t4'),
  'daanelson/real-esrgan-a100': seconds('gpu-a100-large'),
  'philz1337x/clarity-upscaler': seconds('gpu-a100-large'),
  'tencentarc/gfpgan': seconds('gpu-t4'),
  'cjwbw/rembg': seconds('gpu-t4'),
  'salesforce/blip': seconds('gpu-t4'),
  'lucataco/moondream2': seconds('gpu-l40s'),
  'yorickvp/llava-13b': seconds('gpu-l40s'),
  'lucataco/nsfw_image_detection': seconds('gpu-t4'),
  'abiruyt/text-extract-ocr': seconds('cpu'),
  'openai/whisper': seconds('gpu-t4'),
  'vaibhavs10/incredibly-fast-whisper': seconds('gpu-l40s'),
  'jaaari/kokoro-82m': seconds('gpu-t4'),
  'suno-ai/bark': seconds('gpu-a100-large'),
  'meta/musicgen': seconds('gpu-a100-large'),
  'minimax/speech-02-turbo': { usd_per_input_character: 0.03 / 1_000 },
  'meta/meta-llama-3-8b-instruct': tokens(0.05, 0.25),
  'meta/meta-llama-3-70b-instruct': tokens(0.65, 2.75),
  'openai/gpt-4o-mini': tokens(0.15, 0.6),
  'openai/gpt-5-nano': tokens(0.05, 0.4),
  'google/gemini-2.5-flash': tokens(0.3, 2.5),
  'anthropic/claude-4-sonnet': tokens(3, 15),
  'deepseek-ai/deepseek-v3': tokens(1.45, 1.45),
}

/** The agent's own price, the user's table, ours; undefined: nobody knows. */
export function priceFor(candidate: Candidate, own: Readonly<Record<string, Price>> = {}): Price | undefined {
  if (candidate.price) return candidate.price
  const { model } = candidate
  if (candidate.deployment) return entry(own, model)
  const name = model.split(':')[0] as string
  return entry(own, model) ?? entry(own, name) ?? entry(modelPrices, name)
}

function entry(table: Readonly<Record<string, Price>>, name: string): Price | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

// ── what it cost ──

/**
 * Dollars of a prediction that has ended; null: unknown. Machine time is billed however it ended. Unit prices are for
 * what succeeded; one that was canceled while it ran counts in full, for Replicate may bill it.
 */
export function costOf(prediction: Prediction, price: Price | undefined): number | null {
  if (prediction.status === 'aborted') return 0
  if (!price) return null
  const ran = numberIn(prediction.metrics, 'predict_time')
  const began = prediction.started_at !== undefined || (ran ?? 0) > 0
  if (prediction.status === 'canceled' && !began) return 0
  const time = part(price.usd_per_second, ran)
  if (prediction.status === 'failed') return time === null ? null : rounded(time)
  const parts = [
    price.usd_per_call ?? 0,
    time,
    part(price.usd_per_output, outputsOf(prediction)),
    part(price.usd_per_input_character, numberIn(prediction.metrics, 'character_count')),
    part(price.usd_per_input_token, numberIn(prediction.metrics, 'input_token_count')),
    part(price.usd_per_output_token, numberIn(prediction.metrics, 'output_token_count')),
  ]
  const sum = parts.reduce<number | null>((total, each) => (total === null || each === null ? null : total + each), 0)
  return sum === null ? null : rounded(sum)
}

/** To a billionth of a dollar: products of prices have long tails. */
function rounded(usd: number): number {
  return Math.round(usd * 1e9) / 1e9
}

function part(usd: number | undefined, amount: number | undefined): number | null {
  if (usd === undefined || usd === 0) return 0
  return amount === undefined ? null : usd * amount
}

function outputsOf({ metrics, output, status, input }: Prediction): number | undefined {
  const counted = numberIn(metrics, 'image_count')
  if (counted !== undefined) return counted
  if (status === 'canceled') return outputsAsked(input)
  if (output === null) return undefined
  return Array.isArray(output) ? output.length : 1
}

function numberIn(metrics: JsonObject, name: string): number | undefined {
  const value = metrics[name]
  return typeof value === 'number' && value >= 0 ? value : undefined
}

// ── what it may cost at most ──

/** Replicate ends predictions after this long. */
const longestRunSeconds = 1_800
/** A cancel that is late, and the shortest `Cancel-After`. */
const lateSeconds = 5
/** Where an input does not limit its answer. */
const mostOutputTokens = 16_384

/** Dollars; null: unknown. */
export function mostCost(price: Price | undefined, input: JsonObject, timeout_ms: number | undefined): number | null {
  if (!price) return null
  const limit = timeout_ms === undefined ? longestRunSeconds : Math.max(lateSeconds, timeout_ms / 1_000) + lateSeconds
  return (
    (price.usd_per_call ?? 0) +
    (price.usd_per_second ?? 0) * Math.min(longestRunSeconds, limit) +
    (price.usd_per_output ?? 0) * outputsAsked(input) +
    // No character or token is shorter than a byte.
    ((price.usd_per_input_character ?? 0) + (price.usd_per_input_token ?? 0)) * textBytes(input) +
    (price.usd_per_output_token ?? 0) * tokensAsked(input)
  )
}

function outputsAsked(input: JsonObject): number {
  for (const name of ['num_outputs', 'max_images', 'number_of_images', 'num_images']) {
    const asked = input[name]
    if (typeof asked === 'number' && asked > 0) return asked
  }
  return 1
}

function tokensAsked(input: JsonObject): number {
  for (const name of ['max_tokens', 'max_new_tokens', 'max_completion_tokens', 'max_output_tokens', 'max_length']) {
    const asked = input[name]
    if (typeof asked === 'number' && asked > 0) return asked
  }
  return mostOutputTokens
}

function textBytes(value: Json): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (Array.isArray(value)) return value.reduce<number>((sum, each) => sum + textBytes(each), 0)
  if (!isObject(value)) return 4
  return Object.values(value).reduce<number>((sum, each) => sum + textBytes(each), 0)
}
