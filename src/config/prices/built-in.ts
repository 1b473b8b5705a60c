/** Public list prices: what is known without anybody's help. The API tells none (docs/prices.md). */
import type { Price } from '../../domain/price.ts'

/** The day on which all of them were looked up. */
export const builtInDay = '2026-11-01'
export const builtInSource = 'public list prices, November 2026'

/** Dollars a second, by SKU. */
export const builtInHardware: Readonly<Record<string, number>> = {
  cpu: 0.0001,
  'gpu-t4': 0.000225,
  'gpu-l40s': 0.000975,
  'gpu-a100-large': 0.0014,
  'gpu-h100': 0.001525,
}

const on = (hardware: keyof typeof builtInHardware): Price => ({ hardware })
const image = (usd: number): Price => ({ usd_per_output: usd })
/** Exact: 0.05 / 1e6 is not the double that 5e-8 is. */
const perMillion = (usd: number): number => Number(`${usd}e-6`)
const tokens = (inputPerMillion: number, outputPerMillion: number): Price => ({
  usd_per_input_token: perMillion(inputPerMillion),
  usd_per_output_token: perMillion(outputPerMillion),
})

/** By `owner/name`. What is missing has an unknown price. */
export const builtInModels: Readonly<Record<string, Price>> = {
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
  'stability-ai/sdxl': on('gpu-l40s'),
  'bytedance/sdxl-lightning-4step': on('gpu-l40s'),
  'nightmareai/real-esrgan': on('gpu-t4'),
  'daanelson/real-esrgan-a100': on('gpu-a100-large'),
  'philz1337x/clarity-upscaler': on('gpu-a100-large'),
  'tencentarc/gfpgan': on('gpu-t4'),
  'cjwbw/rembg': on('gpu-t4'),
  'salesforce/blip': on('gpu-t4'),
  'lucataco/moondream2': on('gpu-l40s'),
  'yorickvp/llava-13b': on('gpu-l40s'),
  'lucataco/nsfw_image_detection': on('gpu-t4'),
  'abiruyt/text-extract-ocr': on('cpu'),
  'openai/whisper': on('gpu-t4'),
  'vaibhavs10/incredibly-fast-whisper': on('gpu-l40s'),
  'jaaari/kokoro-82m': on('gpu-t4'),
  'suno-ai/bark': on('gpu-a100-large'),
  'meta/musicgen': on('gpu-a100-large'),
  'minimax/speech-02-turbo': { usd_per_input_character: 0.03 / 1_000 },
  'meta/meta-llama-3-8b-instruct': tokens(0.05, 0.25),
  'meta/meta-llama-3-70b-instruct': tokens(0.65, 2.75),
  'openai/gpt-4o-mini': tokens(0.15, 0.6),
  'openai/gpt-5-nano': tokens(0.05, 0.4),
  'google/gemini-2.5-flash': tokens(0.3, 2.5),
  'anthropic/claude-4-sonnet': tokens(3, 15),
  'deepseek-ai/deepseek-v3': tokens(1.45, 1.45),
}
