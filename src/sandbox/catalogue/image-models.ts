/** Models that draw a picture from a prompt. */
import type { Json, JsonObject } from '../../std/json.ts'
import { decodePng } from '../draw/png-decode.ts'
import { encodePng } from '../draw/png-encode.ts'
import { drawScene } from '../draw/scene.ts'
import { seedFrom } from '../seed.ts'
import { choice, file, files, flag, integer, number, text } from './fields.ts'
import { sizeOfPixels, sizeOfRatio } from './image-size.ts'
import { inputText } from './input-text.ts'
import {
  type CatalogueModel,
  fileMark,
  type ModelAnswer,
  type ModelCall,
  type OutputFile,
  uriOutput,
  urisOutput,
} from './model.ts'

const fluxRatios = ['1:1', '16:9', '21:9', '3:2', '2:3', '4:5', '5:4', '3:4', '4:3', '9:16', '9:21']
const seed = integer('Random seed. Set for reproducible generation')
const prompt = text('Prompt for generated image', { required: true })
const formats = choice('Format of the output images', ['webp', 'jpg', 'png'], 'webp')
const quality = integer('Quality when saving the output images, from 0 to 100', { default: 80, min: 0, max: 100 })
const unsafe = flag('Disable safety checker for generated images.')
const example: JsonObject = { prompt: 'a red coffee mug on a wooden table, soft morning light', output_format: 'png' }

const fluxFields = {
  prompt,
  aspect_ratio: choice('Aspect ratio for the generated image', fluxRatios, '1:1'),
  num_outputs: integer('Number of outputs to generate', { default: 1, min: 1, max: 4 }),
  seed,
  output_format: formats,
  output_quality: quality,
  disable_safety_checker: unsafe,
  go_fast: flag('Run faster predictions with a quantized model', true),
  megapixels: choice('Approximate number of megapixels for generated image', ['1', '0.25'], '1'),
}

export const imageModels: readonly CatalogueModel[] = [
  {
    owner: 'black-forest-labs',
    name: 'flux-schnell',
    description: 'The fastest image generation model tailored for local development and personal use',
    official: true,
    runCount: 652082862,
    hardware: 'gpu-h100',
    price: { per: 'image', usd: 0.003 },
    fields: {
      ...fluxFields,
      num_inference_steps: integer('Number of denoising steps. 4 is recommended', { default: 4, min: 1, max: 4 }),
    },
    output: urisOutput,
    latency: { kind: 'lognormal', medianMs: 600, sigma: 0.2 },
    githubUrl: 'https://github.com/replicate/cog-flux',
    example,
    run: (call) => paint(call, ratioSize(call.input), count(call.input['num_outputs']), 'list'),
  },
  {
    owner: 'black-forest-labs',
    name: 'flux-dev',
    description:
      'A 12 billion parameter rectified flow transformer capable of generating images from text descriptions',
    official: true,
    runCount: 45719507,
    hardware: 'gpu-h100',
    price: { per: 'image', usd: 0.025 },
    fields: {
      ...fluxFields,
      image: file('Input image for image to image mode'),
      prompt_strength: number('Prompt strength when using img2img', { default: 0.8, min: 0, max: 1 }),
      num_inference_steps: integer('Number of denoising steps. Recommended range is 28-50', {
        default: 28,
        min: 1,
        max: 50,
      }),
      guidance: number('Guidance for generated image', { default: 3, min: 0, max: 10 }),
    },
    output: urisOutput,
    latency: { kind: 'lognormal', medianMs: 1_100, sigma: 0.2 },
    githubUrl: 'https://github.com/replicate/cog-flux',
    example,
    run: (call) => paint(call, ratioSize(call.input), count(call.input['num_outputs']), 'list'),
  },
  {
    owner: 'black-forest-labs',
    name: 'flux-1.1-pro',
    description:
      'Faster, better FLUX Pro. Text-to-image model with excellent image quality, prompt adherence, and output diversity.',
    official: true,
    runCount: 70213914,
    hardware: 'cpu',
    price: { per: 'image', usd: 0.04 },
    fields: {
      prompt,
      image_prompt: file('Image to use with Flux Redux'),
      aspect_ratio: choice(
        'Aspect ratio for the generated image',
        ['custom', '1:1', '16:9', '3:2', '2:3', '4:5', '5:4', '9:16', '3:4', '4:3'],
        '1:1',
      ),
      width: integer('Width of the generated image, with aspect_ratio custom', { min: 256, max: 1440 }),
      height: integer('Height of the generated image, with aspect_ratio custom', { min: 256, max: 1440 }),
      safety_tolerance: integer('Safety tolerance, 1 is most strict and 6 is most permissive', {
        default: 2,
        min: 1,
        max: 6,
      }),
      prompt_upsampling: flag('Automatically modify the prompt for more creative generation'),
      seed,
      output_format: formats,
      output_quality: quality,
    },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 1_000, sigma: 0.2 },
    example,
    run: (call) =>
      paint(call, call.input['aspect_ratio'] === 'custom' ? pixelSize(call.input) : ratioSize(call.input), 1, 'one'),
  },
  {
    owner: 'stability-ai',
    name: 'sdxl',
    description: 'A text-to-image generative AI model that creates beautiful images',
    official: false,
    runCount: 84973729,
    hardware: 'gpu-l40s',
    price: { per: 'second' },
    fields: {
      prompt: text('Input prompt', { default: 'An astronaut riding a rainbow unicorn' }),
      negative_prompt: text('Input Negative Prompt', { default: '' }),
      image: file('Input image for img2img or inpaint mode'),
      mask: file('Input mask for inpaint mode. Black areas will be preserved, white areas will be inpainted.'),
      width: integer('Width of output image', { default: 1024 }),
      height: integer('Height of output image', { default: 1024 }),
      num_outputs: integer('Number of images to output.', { default: 1, min: 1, max: 4 }),
      scheduler: choice(
        'scheduler',
        ['DDIM', 'DPMSolverMultistep', 'HeunDiscrete', 'KarrasDPM', 'K_EULER_ANCESTRAL', 'K_EULER', 'PNDM'],
        'K_EULER',
      ),
      num_inference_steps: integer('Number of denoising steps', { default: 50, min: 1, max: 500 }),
      guidance_scale: number('Scale for classifier-free guidance', { default: 7.5, min: 1, max: 50 }),
      prompt_strength: number('Prompt strength when using img2img / inpaint', { default: 0.8, min: 0, max: 1 }),
      seed,
      refine: choice(
        'Which refine style to use',
        ['no_refiner', 'expert_ensemble_refiner', 'base_image_refiner'],
        'no_refiner',
      ),
      high_noise_frac: number('For expert_ensemble_refiner, the fraction of noise to use', {
        default: 0.8,
        min: 0,
        max: 1,
      }),
      refine_steps: integer('For base_image_refiner, the number of steps to refine'),
      apply_watermark: flag(
        'Applies a watermark to enable determining if an image is generated in downstream applications.',
        true,
      ),
      lora_scale: number('LoRA additive scale', { default: 0.6, min: 0, max: 1 }),
      replicate_weights: text('Replicate LoRA weights to use'),
      disable_safety_checker: unsafe,
    },
    output: urisOutput,
    latency: { kind: 'lognormal', medianMs: 1_300, sigma: 0.25 },
    githubUrl: 'https://github.com/replicate/cog-sdxl',
    revisions: 2,
    example: { prompt: 'a vintage camera in the forest' },
    run: (call) => paint(call, pixelSize(call.input), count(call.input['num_outputs']), 'list'),
  },
  {
    owner: 'google',
    name: 'nano-banana',
    description: "Google's latest image editing model in Gemini 2.5",
    official: true,
    runCount: 102085792,
    hardware: 'cpu',
    price: { per: 'image', usd: 0.039 },
    fields: {
      prompt: text('A text description of the image you want to generate', { required: true }),
      image_input: files('Input images to transform or use as reference (supports multiple images)'),
      aspect_ratio: choice(
        'Aspect ratio of the generated image',
        ['match_input_image', '1:1', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '9:16', '16:9', '21:9'],
        'match_input_image',
      ),
      output_format: choice('Format of the output image', ['jpg', 'png'], 'jpg'),
    },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 1_200, sigma: 0.2 },
    example,
    run: async (call) => paint(call, await matchingSize(call), 1, 'one'),
  },
  {
    owner: 'ideogram-ai',
    name: 'ideogram-v3-turbo',
    description:
      'Turbo is the fastest and cheapest Ideogram v3. v3 creates images with stunning realism, creative designs, and consistent styles',
    official: true,
    runCount: 8662335,
    hardware: 'cpu',
    price: { per: 'image', usd: 0.03 },
    fields: {
      prompt,
      aspect_ratio: choice(
        'Aspect ratio. Ignored if a resolution or inpainting image is given.',
        ['1:3', '3:1', '1:2', '2:1', '9:16', '16:9', '10:16', '16:10', '2:3', '3:2', '3:4', '4:3', '4:5', '5:4', '1:1'],
        '1:1',
      ),
      resolution: text('Resolution such as 1024x1024. Overrides aspect ratio.', { default: 'None' }),
      magic_prompt_option: choice(
        'Magic Prompt will interpret your prompt and optimize it',
        ['Auto', 'On', 'Off'],
        'Auto',
      ),
      style_type: choice(
        'The styles help define the specific aesthetic of the image',
        ['None', 'Auto', 'General', 'Realistic', 'Design'],
        'None',
      ),
      style_preset: text('Apply a predefined artistic style to the generated image', { default: 'None' }),
      style_reference_images: files('A list of images to use as style references.'),
      image: file('An image file to use for inpainting. You must also use a mask.'),
      mask: file('A black and white image. Black pixels are inpainted, white pixels are preserved.'),
      seed: integer('Random seed. Set for reproducible generation', { max: 2147483647 }),
    },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 1_000, sigma: 0.2 },
    example: { prompt: 'a poster of a sailboat at sunset' },
    run: (call) => paint(call, writtenSize(inputText(call.input, 'resolution')) ?? ratioSize(call.input), 1, 'one'),
  },
  {
    owner: 'recraft-ai',
    name: 'recraft-v3',
    description:
      'Recraft V3 (code-named red_panda) is a text-to-image model with the ability to generate long texts, and images in a wide list of styles.',
    official: true,
    runCount: 8205537,
    hardware: 'cpu',
    price: { per: 'image', usd: 0.04 },
    fields: {
      prompt,
      aspect_ratio: choice(
        'Aspect ratio of the generated image',
        [
          'Not set',
          '1:1',
          '4:3',
          '3:4',
          '3:2',
          '2:3',
          '16:9',
          '9:16',
          '1:2',
          '2:1',
          '7:5',
          '5:7',
          '4:5',
          '5:4',
          '3:5',
          '5:3',
        ],
        'Not set',
      ),
      size: text('Width and height of the generated image, such as 1365x1024. Ignored if an aspect ratio is set.', {
        default: '1024x1024',
      }),
      style: text('Style of the generated image', { default: 'any' }),
    },
    output: uriOutput,
    latency: { kind: 'lognormal', medianMs: 1_100, sigma: 0.2 },
    example: { prompt: 'a robot holding a flower, digital illustration' },
    run: (call) =>
      paint(
        call,
        call.input['aspect_ratio'] === 'Not set'
          ? (writtenSize(inputText(call.input, 'size')) ?? ratioSize(call.input))
          : ratioSize(call.input),
        1,
        'one',
      ),
  },
  {
    owner: 'bytedance',
    name: 'seedream-4',
    description: 'Unified text-to-image generation and precise single-sentence editing at up to 4K resolution',
    official: true,
    runCount: 33508076,
    hardware: 'cpu',
    price: { per: 'image', usd: 0.03 },
    fields: {
      prompt: text('Text prompt for image generation', { required: true }),
      image_input: files('Input image(s) for image-to-image generation'),
      size: choice('Image resolution', ['1K', '2K', '4K', 'custom'], '2K'),
      aspect_ratio: choice(
        'Image aspect ratio',
        ['match_input_image', '1:1', '4:3', '3:4', '16:9', '9:16', '3:2', '2:3', '21:9'],
        'match_input_image',
      ),
      width: integer('Custom image width, with size custom', { default: 2048, min: 1024, max: 4096 }),
      height: integer('Custom image height, with size custom', { default: 2048, min: 1024, max: 4096 }),
      sequential_image_generation: choice('Group image generation mode', ['disabled', 'auto'], 'disabled'),
      max_images: integer('Maximum number of images to generate with sequential_image_generation auto', {
        default: 1,
        min: 1,
        max: 15,
      }),
      enhance_prompt: flag('Enable prompt enhancement for higher quality results', true),
    },
    output: urisOutput,
    latency: { kind: 'lognormal', medianMs: 1_400, sigma: 0.2 },
    example,
    run: async (call) => {
      const { input } = call
      const size = input['size'] === 'custom' ? pixelSize(input) : await matchingSize(call)
      return paint(call, size, input['sequential_image_generation'] === 'auto' ? count(input['max_images']) : 1, 'list')
    },
  },
]

type Size = { width: number; height: number }

function ratioSize(input: JsonObject): Size {
  return sizeOfRatio(inputText(input, 'aspect_ratio', '1:1'), Number(input['megapixels'] ?? 1))
}

function pixelSize(input: JsonObject): Size {
  return sizeOfPixels(count(input['width'], 1024), count(input['height'], 1024))
}

function writtenSize(written: string): Size | undefined {
  const match = /^(\d+)x(\d+)$/.exec(written)
  return match ? sizeOfPixels(Number(match[1]), Number(match[2])) : undefined
}

/** `match_input_image`: the shape of the first input image; without one, a square. */
async function matchingSize(call: ModelCall): Promise<Size> {
  if (call.input['aspect_ratio'] !== 'match_input_image') return ratioSize(call.input)
  const first = Array.isArray(call.input['image_input']) ? call.input['image_input'][0] : undefined
  if (typeof first !== 'string') return sizeOfRatio('1:1')
  const { width, height } = await decodePng((await call.file(first)).bytes)
  return sizeOfRatio(`${width}:${height}`)
}

function count(value: Json | undefined, otherwise = 1): number {
  return typeof value === 'number' ? value : otherwise
}

async function paint(call: ModelCall, size: Size, pictures: number, output: 'one' | 'list'): Promise<ModelAnswer> {
  const { input } = call
  const asked = inputText(input, 'output_format', 'png')
  const made: OutputFile[] = []
  for (let n = 0; n < pictures; n += 1) {
    const picture = drawScene(inputText(input, 'prompt'), { ...size, seed: seedFrom(`${call.seed} ${n}`) })
    const name = output === 'one' ? 'output.png' : `out-${n}.png`
    made.push({ name, mediaType: 'image/png', bytes: await encodePng(picture) })
  }
  const logs = [
    `Using seed: ${inputText(input, 'seed', String(call.seed))}`,
    `Generated ${pictures} image(s) of ${size.width}x${size.height}`,
  ]
  if (asked !== 'png') logs.push(`The sandbox writes PNG only: ${asked} was asked for, png is given`)
  return {
    output: output === 'one' ? fileMark(0) : made.map((_, n) => fileMark(n)),
    files: made,
    logs: `${logs.join('\n')}\n`,
    metrics: { image_count: pictures },
  }
}
