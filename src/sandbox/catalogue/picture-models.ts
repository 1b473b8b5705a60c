/** Models that take a picture: upscale it, cut it out, describe it, read it. */
import { NonRetryableError } from '../../domain/errors.ts'
import type { JsonObject } from '../../std/json.ts'
import { cutOut } from '../draw/cut-out.ts'
import { lookAtPicture, type SeenDetails } from '../draw/look-at-picture.ts'
import { decodePng } from '../draw/png-decode.ts'
import { encodePng } from '../draw/png-encode.ts'
import { scalePicture } from '../draw/scale.ts'
import { answerPrompt } from '../text/answer.ts'
import { likeness } from '../text/judge.ts'
import { choice, file, flag, integer, number, text } from './fields.ts'
import { inputText } from './input-text.ts'
import {
  type CatalogueModel,
  fileMark,
  type ModelAnswer,
  type ModelCall,
  textOutput,
  tokensOutput,
  uriOutput,
} from './model.ts'
import { chat } from './text-models.ts'

const maxPixels = 16_000_000
/** A one-pixel red PNG: the smallest picture that works. */
const dot =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC'
const image = file('Input image', { required: true })
const example: JsonObject = { image: dot }

export const pictureModels: readonly CatalogueModel[] = [
  {
    owner: 'nightmareai',
    name: 'real-esrgan',
    description: 'Real-ESRGAN with optional face correction and adjustable upscale',
    official: false,
    runCount: 87120456,
    hardware: 'gpu-t4',
    price: { per: 'second' },
    fields: {
      image,
      scale: number('Factor to scale image by', { default: 4, min: 0, max: 10 }),
      face_enhance: flag('Run GFPGAN face enhancement along with upscaling'),
    },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 900, sigma: 0.2 },
    githubUrl: 'https://github.com/replicate/Real-ESRGAN',
    revisions: 2,
    example,
    run: (call) => upscale(call, Number(call.input['scale'])),
  },
  {
    owner: 'philz1337x',
    name: 'clarity-upscaler',
    description: 'High resolution image Upscaler and Enhancer. A free Magnific alternative.',
    official: false,
    runCount: 28851242,
    hardware: 'gpu-a100-large',
    price: { per: 'second' },
    fields: {
      image,
      prompt: text('Prompt', {
        default: 'masterpiece, best quality, highres, <lora:more_details:0.5> <lora:SDXLrender_v2.0:1>',
      }),
      negative_prompt: text('Negative Prompt', {
        default: '(worst quality, low quality, normal quality:2) JuggernautNegative-neg',
      }),
      scale_factor: number('Scale factor', { default: 2 }),
      dynamic: number('HDR, try from 3 - 9', { default: 6, min: 1, max: 50 }),
      creativity: number('Creativity, try from 0.3 - 0.9', { default: 0.35, min: 0, max: 1 }),
      resemblance: number('Resemblance, try from 0.3 - 1.6', { default: 0.6, min: 0, max: 3 }),
      sharpen: number('Sharpen the image after upscaling', { default: 0, min: 0, max: 10 }),
      num_inference_steps: integer('Number of denoising steps', { default: 18, min: 1, max: 100 }),
      output_format: choice('Format of the output images', ['webp', 'jpg', 'png'], 'png'),
      seed: integer('Random seed. Leave blank to randomize the seed', { default: 1337 }),
    },
    output: { type: 'array', items: { type: 'string', format: 'uri' } },
    latency: { kind: 'lognormal', medianMs: 1_400, sigma: 0.2 },
    githubUrl: 'https://github.com/philz1337x/clarity-upscaler',
    example,
    run: async (call) => ({ ...(await upscale(call, Number(call.input['scale_factor']))), output: [fileMark(0)] }),
  },
  {
    owner: 'recraft-ai',
    name: 'recraft-crisp-upscale',
    description:
      'Designed to make images sharper and cleaner, Crisp Upscale increases overall quality, making visuals suitable for web use or print-ready materials.',
    official: true,
    runCount: 1204387,
    hardware: 'cpu',
    price: { per: 'image', usd: 0.006 },
    fields: { image },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 800, sigma: 0.2 },
    example,
    run: (call) => upscale(call, 2),
  },
  {
    owner: 'cjwbw',
    name: 'rembg',
    description: 'Remove images background',
    official: false,
    runCount: 10915820,
    hardware: 'gpu-t4',
    price: { per: 'second' },
    fields: { image },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 700, sigma: 0.2 },
    githubUrl: 'https://github.com/chenxwh/rembg',
    example,
    run: removeBackground,
  },
  {
    owner: 'recraft-ai',
    name: 'recraft-remove-background',
    description:
      'Automated background removal for images. Tuned for AI-generated content, product photos, portraits, and design workflows',
    official: true,
    runCount: 2371045,
    hardware: 'cpu',
    price: { per: 'image', usd: 0.01 },
    fields: { image },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 700, sigma: 0.2 },
    example,
    run: removeBackground,
  },
  {
    owner: 'salesforce',
    name: 'blip',
    description: 'Generate image captions',
    official: false,
    runCount: 172606128,
    hardware: 'gpu-t4',
    price: { per: 'second' },
    fields: {
      image,
      task: choice(
        'Choose a task.',
        ['image_captioning', 'visual_question_answering', 'image_text_matching'],
        'image_captioning',
      ),
      question: text('Type question for the input image for visual question answering task.'),
      caption: text('Type caption for the input image for image text matching task.'),
    },
    output: textOutput,
    latency: { kind: 'lognormal', medianMs: 450, sigma: 0.2 },
    githubUrl: 'https://github.com/salesforce/BLIP',
    example,
    run: blip,
  },
  {
    owner: 'lucataco',
    name: 'moondream2',
    description: 'moondream2 is a small vision language model designed to run efficiently on edge devices',
    official: false,
    runCount: 11174020,
    hardware: 'gpu-l40s',
    price: { per: 'second' },
    fields: { image, prompt: text('Input prompt', { default: 'Describe this image' }) },
    output: tokensOutput,
    streams: true,
    latency: { kind: 'lognormal', medianMs: 500, sigma: 0.2 },
    githubUrl: 'https://github.com/lucataco/cog-moondream2',
    example,
    run: chat,
  },
  {
    owner: 'yorickvp',
    name: 'llava-13b',
    description: 'Visual instruction tuning towards large language and vision models with GPT-4 level capabilities',
    official: false,
    runCount: 35141194,
    hardware: 'gpu-l40s',
    price: { per: 'second' },
    fields: {
      image,
      prompt: text('Prompt to use for text generation', { required: true }),
      top_p: number('When decoding text, samples from the top p percentage of most likely tokens', {
        default: 1,
        min: 0,
        max: 1,
      }),
      temperature: number('Adjusts randomness of outputs', { default: 0.2, min: 0 }),
      max_tokens: integer('Maximum number of tokens to generate', { default: 1024, min: 0 }),
    },
    output: tokensOutput,
    streams: true,
    latency: { kind: 'lognormal', medianMs: 700, sigma: 0.2 },
    githubUrl: 'https://github.com/haotian-liu/LLaVA',
    example: { image: dot, prompt: 'What is in this picture?' },
    run: chat,
  },
  {
    owner: 'lucataco',
    name: 'nsfw_image_detection',
    description: 'Fine-Tuned Vision Transformer (ViT) for NSFW Image Classification',
    official: true,
    runCount: 94507267,
    hardware: 'gpu-t4',
    price: { per: 'second' },
    fields: { image: file('Input image') },
    output: textOutput,
    latency: { kind: 'lognormal', medianMs: 300, sigma: 0.2 },
    example,
    run: async (call) => {
      const { description } = await seen(call)
      return { output: /\b(nsfw|nude|naked|nudity|porn\w*|erotic|gore)\b/i.test(description) ? 'nsfw' : 'normal' }
    },
  },
  {
    owner: 'abiruyt',
    name: 'text-extract-ocr',
    description: 'A simple OCR Model that can easily extract text from an image.',
    official: false,
    runCount: 90215511,
    hardware: 'cpu',
    price: { per: 'second' },
    fields: { image },
    output: textOutput,
    latency: { kind: 'lognormal', medianMs: 400, sigma: 0.2 },
    example,
    run: async (call) => {
      const { texts } = await seen(call)
      const quoted = [...(texts['prompt'] ?? '').matchAll(/["“”']([^"“”']{2,})["“”']/g)].map((match) => match[1] ?? '')
      return {
        output: [...quoted, texts['Description'] ?? '', texts['Comment'] ?? '']
          .filter((line) => line !== '')
          .join('\n'),
      }
    },
  },
]

async function upscale(call: ModelCall, scale: number): Promise<ModelAnswer> {
  const picture = await decodePng((await call.file(inputText(call.input, 'image'))).bytes)
  const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)]
  if (width < 1 || height < 1)
    throw new NonRetryableError('validation', `A scale of ${scale} leaves nothing of the image.`)
  if (width * height > maxPixels) {
    throw new NonRetryableError(
      'resource_exhausted',
      `CUDA out of memory: ${width}x${height} is too large, at most ${maxPixels / 1e6} million pixels.`,
    )
  }
  const bytes = await encodePng(scalePicture(picture, width, height))
  const logs = `Scaled ${picture.width}x${picture.height} to ${width}x${height}\n`
  return {
    output: fileMark(0),
    files: [{ name: 'output.png', mediaType: 'image/png', bytes }],
    logs,
    metrics: { image_count: 1 },
  }
}

async function removeBackground(call: ModelCall): Promise<ModelAnswer> {
  const picture = await decodePng((await call.file(inputText(call.input, 'image'))).bytes)
  const bytes = await encodePng(cutOut(picture))
  return {
    output: fileMark(0),
    files: [{ name: 'output.png', mediaType: 'image/png', bytes }],
    metrics: { image_count: 1 },
  }
}

async function seen(call: ModelCall): Promise<SeenDetails> {
  const link = call.input['image']
  if (typeof link !== 'string') throw new NonRetryableError('validation', 'No image was given.')
  const { bytes, mediaType } = await call.file(link)
  return lookAtPicture(bytes, mediaType)
}

async function blip(call: ModelCall): Promise<ModelAnswer> {
  const { input } = call
  const picture = await seen(call)
  if (input['task'] === 'visual_question_answering') {
    const prompt = inputText(input, 'question', 'What is in this picture?')
    return { output: `Answer: ${answerPrompt({ prompt, pictures: [picture], random: call.random })}` }
  }
  if (input['task'] === 'image_text_matching') {
    const share = likeness(inputText(input, 'caption'), picture.description)
    return {
      output: `The image and text is matched with a probability of ${(share * 100).toFixed(4)}%. The image feature and text feature has a cosine similarity of ${share.toFixed(4)}.`,
    }
  }
  return { output: `Caption: ${picture.description}` }
}
