/** Models that write, some of which also look at pictures. */
import type { Json, JsonObject } from '../../std/json.ts'
import { lookAtPicture } from '../draw/look-at-picture.ts'
import { linksIn } from '../files/links.ts'
import { answerPrompt } from '../text/answer.ts'
import type { SeenPicture } from '../text/subject-matter.ts'
import { tokens } from '../text/words.ts'
import { choice, file, files, type Field, flag, integer, number, text } from './fields.ts'
import { inputText } from './input-text.ts'
import { type CatalogueModel, type ModelAnswer, type ModelCall, tokensOutput } from './model.ts'

const example: JsonObject = { prompt: 'Name three things that a good product description has.' }
const prompt = text('The prompt to send to the model. Do not use if using messages.')
const system = text("System prompt to set the assistant's behavior")
const messages: Field = {
  type: 'array',
  description: 'A JSON string representing a list of messages. If provided, prompt and system_prompt are ignored.',
  default: [],
}

const llamaFields = {
  prompt: text('Prompt', { default: '' }),
  system_prompt: text('System prompt to send to the model', { default: 'You are a helpful assistant' }),
  prompt_template: text('Prompt template. The string `{prompt}` will be substituted for the input prompt.', {
    default: '{prompt}',
  }),
  max_tokens: integer('The maximum number of tokens the model should generate as output.', { default: 512, min: 1 }),
  min_tokens: integer('The minimum number of tokens the model should generate as output.', { default: 0 }),
  temperature: number('The value used to modulate the next token probabilities.', { default: 0.6 }),
  top_p: number('A probability threshold for generating the output.', { default: 0.9 }),
  top_k: integer('The number of highest probability tokens to consider for generating the output.', { default: 50 }),
  presence_penalty: number('Presence penalty', { default: 1.15 }),
  frequency_penalty: number('Frequency penalty', { default: 0.2 }),
  stop_sequences: text('A comma-separated list of sequences to stop generation at.', { default: '' }),
}

type Facts = Pick<CatalogueModel, 'owner' | 'name' | 'description' | 'runCount' | 'fields'> & {
  /** Dollars per million tokens. */
  inputUsd: number
  outputUsd: number
  medianMs: number
  githubUrl?: string
}

const chatModel = ({ inputUsd, outputUsd, medianMs, ...facts }: Facts): CatalogueModel => ({
  ...facts,
  official: true,
  hardware: 'gpu-a100-large',
  price: { per: 'tokens', inputUsdPerMillion: inputUsd, outputUsdPerMillion: outputUsd },
  output: tokensOutput,
  streams: true,
  latency: { kind: 'lognormal', medianMs, sigma: 0.2 },
  example,
  run: chat,
})

export const textModels: readonly CatalogueModel[] = [
  chatModel({
    owner: 'meta',
    name: 'meta-llama-3-8b-instruct',
    description: 'An 8 billion parameter language model from Meta, fine tuned for chat completions',
    runCount: 407556072,
    fields: llamaFields,
    inputUsd: 0.05,
    outputUsd: 0.25,
    medianMs: 350,
  }),
  chatModel({
    owner: 'meta',
    name: 'meta-llama-3-70b-instruct',
    description: 'A 70 billion parameter language model from Meta, fine tuned for chat completions',
    runCount: 167837182,
    fields: llamaFields,
    inputUsd: 0.65,
    outputUsd: 2.75,
    medianMs: 650,
  }),
  chatModel({
    owner: 'openai',
    name: 'gpt-4o-mini',
    description: "Low latency, low cost version of OpenAI's GPT-4o model",
    runCount: 37560797,
    fields: {
      prompt,
      messages,
      image_input: files('List of images to send to the model'),
      system_prompt: system,
      temperature: number('Sampling temperature between 0 and 2', { default: 1, min: 0, max: 2 }),
      top_p: number('Nucleus sampling parameter', { default: 1, min: 0, max: 1 }),
      presence_penalty: number('Presence penalty parameter', { default: 0, min: -2, max: 2 }),
      frequency_penalty: number('Frequency penalty parameter', { default: 0, min: -2, max: 2 }),
      max_completion_tokens: integer('Maximum number of completion tokens to generate', { default: 4096, min: 1 }),
    },
    inputUsd: 0.15,
    outputUsd: 0.6,
    medianMs: 450,
  }),
  chatModel({
    owner: 'openai',
    name: 'gpt-5-nano',
    description: 'Fastest, most cost-effective GPT-5 model from OpenAI',
    runCount: 10403820,
    fields: {
      prompt,
      messages,
      image_input: files('List of images to send to the model'),
      system_prompt: system,
      verbosity: choice('Constrains the verbosity of the response', ['low', 'medium', 'high'], 'medium'),
      reasoning_effort: choice('Constrains effort on reasoning', ['minimal', 'low', 'medium', 'high'], 'minimal'),
      max_completion_tokens: integer('Maximum number of completion tokens to generate', { min: 1 }),
    },
    inputUsd: 0.05,
    outputUsd: 0.4,
    medianMs: 400,
  }),
  chatModel({
    owner: 'google',
    name: 'gemini-2.5-flash',
    description: 'Google’s hybrid “thinking” AI model optimized for speed and cost-efficiency',
    runCount: 4450789,
    fields: {
      prompt: text('The text prompt to send to the model', { required: true }),
      images: files('Input images to send with the prompt (max 10, each up to 7MB)'),
      videos: files('Input videos to send with the prompt (max 10, each up to 45 minutes)'),
      system_instruction: text("System instruction to guide the model's behavior"),
      temperature: number('Sampling temperature between 0 and 2', { default: 1, min: 0, max: 2 }),
      top_p: number('Nucleus sampling parameter', { default: 0.95, min: 0, max: 1 }),
      max_output_tokens: integer('Maximum number of tokens to generate', { default: 65535, min: 1, max: 65535 }),
      dynamic_thinking: flag('Enable dynamic thinking (the model will adjust the thinking budget)'),
      thinking_budget: integer('Thinking budget for reasoning', { min: 0, max: 24576 }),
    },
    inputUsd: 0.3,
    outputUsd: 2.5,
    medianMs: 500,
  }),
  chatModel({
    owner: 'anthropic',
    name: 'claude-4-sonnet',
    description:
      'Claude Sonnet 4 is a significant upgrade to 3.7, delivering superior coding and reasoning while responding more precisely to your instructions',
    runCount: 2882093,
    fields: {
      prompt: text('Input prompt', { required: true }),
      image: file('Input image'),
      system_prompt: text('System prompt', { default: '' }),
      max_tokens: integer('Maximum number of output tokens', { default: 8192, min: 1024, max: 64000 }),
      max_image_resolution: number('Maximum image resolution in megapixels', { default: 0.5, min: 0.001, max: 2 }),
      extended_thinking: flag('Enable extended thinking'),
      thinking_budget_tokens: integer('Maximum tokens for extended thinking', { default: 1024, min: 1024, max: 64000 }),
    },
    inputUsd: 3,
    outputUsd: 15,
    medianMs: 750,
  }),
  chatModel({
    owner: 'deepseek-ai',
    name: 'deepseek-v3',
    description: 'DeepSeek-V3-0324 is the leading non-reasoning model, a milestone for open source',
    runCount: 5099828,
    fields: {
      prompt: text('Prompt', { default: '' }),
      max_tokens: integer('The maximum number of tokens the model should generate as output.', {
        default: 2048,
        min: 1,
      }),
      temperature: number('The value used to modulate the next token probabilities.', { default: 0.1 }),
      top_p: number('A probability threshold for generating the output.', { default: 1 }),
      presence_penalty: number('Presence penalty', { default: 0 }),
      frequency_penalty: number('Frequency penalty', { default: 0 }),
    },
    inputUsd: 1.45,
    outputUsd: 1.45,
    medianMs: 600,
    githubUrl: 'https://github.com/deepseek-ai/DeepSeek-V3',
  }),
]

/** Reads prompt, messages, system prompt and pictures from whatever the model calls them; gives tokens. */
export async function chat(call: ModelCall): Promise<ModelAnswer> {
  const { input } = call
  const asked = askedIn(input)
  const links = [...picturesIn(input), ...linksIn(asked.prompt)]
  const pictures: SeenPicture[] = []
  let prompt = asked.prompt
  for (const link of links) {
    const { bytes, mediaType } = await call.file(link)
    if (!mediaType.startsWith('image/')) continue
    pictures.push(await lookAtPicture(bytes, mediaType))
    // a link says nothing about what it leads to: the prompt is the same whichever port served the picture
    prompt = prompt.replaceAll(link, `[picture ${pictures.length}]`)
  }
  const template = typeof input['prompt_template'] === 'string' ? input['prompt_template'] : '{prompt}'
  const full =
    template.includes('{prompt}') && template !== '{prompt}' ? template.replace('{prompt}', () => prompt) : prompt
  const answer = answerPrompt({ prompt: full, system: asked.system, pictures, random: call.random })
  const limit = Number(
    input['max_tokens'] ?? input['max_completion_tokens'] ?? input['max_output_tokens'] ?? Number.POSITIVE_INFINITY,
  )
  const all = tokens(stopped(answer, input['stop_sequences']))
  const output = all.slice(0, limit)
  const inputTokens = tokens(full).length + tokens(asked.system).length + pictures.length * 85
  const logs = output.length < all.length ? `Stopped after max tokens (${limit})\n` : ''
  return { output, logs, metrics: { input_token_count: inputTokens, output_token_count: output.length } }
}

function askedIn(input: JsonObject): { prompt: string; system: string } {
  const list = Array.isArray(input['messages']) ? (input['messages'] as JsonObject[]) : []
  const said = (role: string): string =>
    list
      .filter((message) => message?.['role'] === role)
      .map((message) => inputText(message, 'content'))
      .join('\n\n')
  if (list.length > 0) return { prompt: said('user'), system: said('system') }
  const system = inputText(input, 'system_prompt') || inputText(input, 'system_instruction')
  // Llama's own default says nothing about the task
  return {
    prompt: inputText(input, 'prompt'),
    system: system === 'You are a helpful assistant' ? '' : system,
  }
}

function picturesIn(input: JsonObject): string[] {
  const given: (Json | undefined)[] = [input['image'], input['image_input'], input['images']].flat()
  return given.filter((link) => typeof link === 'string')
}

function stopped(answer: string, sequences: Json | undefined): string {
  const stops = typeof sequences === 'string' ? sequences.split(',').filter((stop) => stop !== '') : []
  const at = stops.map((stop) => answer.indexOf(stop)).filter((found) => found >= 0)
  return at.length > 0 ? answer.slice(0, Math.min(...at)) : answer
}
