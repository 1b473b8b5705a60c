/** What a call costs, as it is written. */
import { dollars, strict } from '../spec-fields.ts'

export const priceSpec = strict(
  'price',
  {
    usd_per_call: dollars('Dollars for each call.').optional(),
    usd_per_second: dollars('Dollars for each second of prediction.').optional(),
    usd_per_output: dollars('Dollars for each output (an image, say).').optional(),
    usd_per_input_token: dollars('Dollars for each input token.').optional(),
    usd_per_output_token: dollars('Dollars for each output token.').optional(),
    usd_per_input_character: dollars('Dollars for each character of input text.').optional(),
  },
  'What a call costs, where you know better than the price table.',
)
