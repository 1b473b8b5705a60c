/** Models that write. */
import type { JsonObject } from '../../std/json.ts'
import { answerPrompt } from '../text/answer.ts'
import { tokens } from '../text/words.ts'
import { integer, number, text } from './fields.ts'
import { type CatalogueModel, tokensOutput } from './model.ts'

const llamaFields = {
  prompt: text('Prompt', { default: '' }),
  prompt_template: text('Prompt template. The string `{prompt}` will be substituted for the input prompt.', { default: '{prompt}' }),
  max_tokens: integer('The maximum number of tokens the model should generate as output.', { default: 512 }),
  min_tokens: integer('The minimum number of tokens the model should generate as output.', { default: 0 }),
  temperature: number('The value used to modulate the next token probabilities.', { default: 0.6 }),
  top_p: number('A probability threshold for generating the output.', { default: 0.9 }),
  top_k: integer('The number of highest probability tokens to consider for generating the output.', { default: 50 }),
  presence_penalty: number('Presence penalty', { default: 1.15 }),
  frequency_penalty: number('Frequency penalty', { default: 0.2 }),
}
const example: JsonObject = { prompt: 'Summarise: the sea is wide and deep.' }

export const textModels: readonly CatalogueModel[] = [
  {
    owner: 'meta',
    name: 'meta-llama-3-8b-instruct',
    description: 'An 8 billion parameter language model from Meta, fine tuned for chat completions',
    official: true,
    runCount: 407556072,
    hardware: 'gpu-a100-large',
    price: { per: 'tokens', inputUsdPerMillion: 0.05, outputUsdPerMillion: 0.25 },
    fields: llamaFields,
    output: tokensOutput,
    streams: true,
    latency: { kind: 'lognormal', medianMs: 400, sigma: 0.2 },
    example,
    run: ({ input }) => {
      const said = tokens(answerPrompt(String(input['prompt'])))
      return {
        output: said,
        metrics: { input_token_count: tokens(String(input['prompt'])).length, output_token_count: said.length },
      }
    },
  },
]
