/** Collections: models that do one kind of work, under the names that Replicate gives them. */
import { type CatalogueModel, modelName } from './model.ts'

export interface Collection {
  slug: string
  name: string
  description: string
  /** `owner/name`; those that the sandbox has. */
  models: readonly string[]
}

const collections: readonly Collection[] = [
  {
    slug: 'text-to-image',
    name: 'Generate images',
    description: 'Models that generate images from text prompts',
    models: [
      'black-forest-labs/flux-schnell',
      'black-forest-labs/flux-dev',
      'black-forest-labs/flux-1.1-pro',
      'stability-ai/sdxl',
      'google/nano-banana',
      'ideogram-ai/ideogram-v3-turbo',
      'recraft-ai/recraft-v3',
      'bytedance/seedream-4',
    ],
  },
  {
    slug: 'super-resolution',
    name: 'Super resolution',
    description: 'Upscaling models that create high-quality images from low-quality images.',
    models: ['nightmareai/real-esrgan', 'philz1337x/clarity-upscaler', 'recraft-ai/recraft-crisp-upscale'],
  },
  {
    slug: 'remove-backgrounds',
    name: 'Remove backgrounds',
    description: 'Models that remove backgrounds from images',
    models: ['cjwbw/rembg', 'recraft-ai/recraft-remove-background'],
  },
  {
    slug: 'image-to-text',
    name: 'Caption images',
    description: 'Models that describe images, answer questions about them, or read text in them',
    models: [
      'salesforce/blip',
      'lucataco/moondream2',
      'yorickvp/llava-13b',
      'lucataco/nsfw_image_detection',
      'abiruyt/text-extract-ocr',
    ],
  },
  {
    slug: 'language-models',
    name: 'Large language models',
    description: 'Models that understand and generate text',
    models: [
      'meta/meta-llama-3-8b-instruct',
      'meta/meta-llama-3-70b-instruct',
      'openai/gpt-4o-mini',
      'openai/gpt-5-nano',
      'google/gemini-2.5-flash',
      'anthropic/claude-4-sonnet',
      'deepseek-ai/deepseek-v3',
    ],
  },
  {
    slug: 'text-to-speech',
    name: 'Generate speech',
    description: 'Models that turn text into speech',
    models: ['jaaari/kokoro-82m', 'minimax/speech-02-turbo', 'suno-ai/bark'],
  },
  {
    slug: 'speech-to-text',
    name: 'Transcribe speech',
    description: 'Models that turn speech into text',
    models: ['openai/whisper', 'vaibhavs10/incredibly-fast-whisper'],
  },
  {
    slug: 'ai-music-generation',
    name: 'Generate music',
    description: 'Models that make music from text prompts',
    models: ['meta/musicgen', 'suno-ai/bark'],
  },
]

/** With one of all official models, and one of all that can be trained. */
export function collectionsOf(models: readonly CatalogueModel[]): Collection[] {
  const named = (which: (model: CatalogueModel) => boolean) => models.filter(which).map(modelName)
  return [
    {
      slug: 'official',
      name: 'Official models',
      description: 'Models that are always on, have stable interfaces and predictable prices',
      models: named((model) => model.official),
    },
    ...collections,
    {
      slug: 'fine-tune',
      name: 'Models to fine-tune',
      description: 'Models that can be trained on data of your own',
      models: named((model) => model.training !== undefined),
    },
  ]
}
