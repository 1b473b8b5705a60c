/** What models and hardware cost, as far as anybody knows. */
import { z } from 'zod'
import { defineAction } from '../../action.ts'
import { hardwarePriceShape, priceShape, shownPrice, shownProvenance } from '../../prices/price-shape.ts'
import { modelsUsedHere } from '../../prices/prices-here.ts'

export const listPrices = defineAction({
  noun: 'prices',
  verb: 'list',
  summary: 'list what models and hardware cost, since when, and who says so',
  input: z.object({ model: z.string().optional().describe('only models whose names match; * is any text') }),
  output: z.object({
    prices: z.array(priceShape),
    hardware: z.array(hardwarePriceShape),
    max_age_days: z.number().describe('an older price is marked `old`'),
  }),
  async run(app, { model: glob }) {
    const book = await app.prices()
    const now = app.clock.now()
    const wanted = glob === undefined ? undefined : matcherOf(glob)
    const prices = [...book.models].map(([model, price]) => shownPrice(model, price, book, now))
    for (const { candidate } of await modelsUsedHere(app)) {
      const found = candidate.price && book.find(candidate)
      if (found) prices.push(shownPrice(candidate.model, found, book, now, candidate.name))
    }
    return {
      prices: prices
        .filter(({ model }) => wanted?.(model) ?? true)
        .toSorted((a, b) => (a.model < b.model ? -1 : a.model > b.model ? 1 : 0)),
      hardware: [...book.hardware].map(([sku, price]) => ({
        ...{ sku, usd_per_second: price.usd_per_second },
        ...shownProvenance(price, book, now),
      })),
      max_age_days: book.max_age_days,
    }
  },
})

/** Parts between stars stand in the name in this order: linear, whatever is asked. */
function matcherOf(glob: string): (name: string) => boolean {
  const parts = glob.toLowerCase().split('*')
  const [first = '', ...rest] = parts
  const last = rest.pop()
  return (written) => {
    const name = written.toLowerCase()
    if (last === undefined) return name === first || name.includes(first)
    if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false
    let from = first.length
    for (const part of rest) {
      const at = name.indexOf(part, from)
      if (at < 0 || at + part.length > name.length - last.length) return false
      from = at + part.length
    }
    return true
  }
}
