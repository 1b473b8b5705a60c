/** What a call costs, as it is written. */
import { z } from 'zod'
import { isDay, type Price, units } from '../../domain/price.ts'
import { dollars, mustBe, text, words } from '../spec-fields.ts'

/** Dearer than anything that is called: what is more is a slip, and sums stay exact. */
const mostUsd = 1_000_000

export const rate = (description: string) =>
  dollars(description).max(mostUsd, { error: `must be at most ${mostUsd} dollars` })

export const skuPattern = /^[a-z0-9][a-z0-9._-]{0,99}$/

const hardware = z
  .string({ error: 'must be the SKU of a machine, as in gpu-l40s' })
  .regex(skuPattern, { error: 'must be the SKU of a machine, as in gpu-l40s' })
  .register(...words('The machine that it runs on, in place of usd_per_second: cpu, gpu-t4, gpu-l40s, …'))

export const provenance = {
  as_of: z
    .string({ error: 'must be a day: YYYY-MM-DD' })
    .refine(isDay, { error: 'must be a day that there is: YYYY-MM-DD', params: { code: 'bad_date' } })
    .register(...words('The day on which the price was looked up: YYYY-MM-DD.'))
    .optional(),
  source: text('Where the price was found: a page, a bill.').optional(),
}

export const priceSpec = z
  .strictObject(
    {
      usd_per_call: rate('Dollars for each call.').optional(),
      usd_per_second: rate('Dollars for each second of prediction.').optional(),
      hardware: hardware.optional(),
      usd_per_output: rate('Dollars for each output (an image, say).').optional(),
      usd_per_output_second: rate('Dollars for each second of video or sound that is put out.').optional(),
      usd_per_input_token: rate('Dollars for each input token.').optional(),
      usd_per_output_token: rate('Dollars for each output token.').optional(),
      usd_per_input_character: rate('Dollars for each character of input text.').optional(),
      ...provenance,
    },
    { error: (issue) => (issue.code === 'invalid_type' ? mustBe.object : undefined) },
  )
  .superRefine((price, context) => {
    const message = faultOf(price as Price)
    if (message !== undefined) context.addIssue({ code: 'custom', message, params: { code: 'bad_price' } })
  })
  .meta({ id: 'price', description: 'What a call costs, where you know better than the price table.' })

/** What is wrong with a price as a whole. */
function faultOf(price: Price): string | undefined {
  if (price.hardware !== undefined && price.usd_per_second !== undefined)
    return 'has both `hardware` and `usd_per_second`: keep one'
  if (price.hardware === undefined && units.every((unit) => price[`usd_per_${unit}`] === undefined))
    return 'says no price; write `usd_per_call: 0` for what is free'
  return undefined
}
