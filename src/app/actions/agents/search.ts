/** Finds models at Replicate, or in the sandbox, by words. */
import { z } from 'zod'
import { defined } from '../../../std/defined.ts'
import { defineAction } from '../../action.ts'
import { missingToken } from '../../need-token.ts'
import { priceShape, shownPrice } from '../../prices/price-shape.ts'

export const mostFound = 50

export const searchModels = defineAction({
  noun: 'agents',
  verb: 'search',
  summary: 'search Replicate for models',
  input: z.object({
    query: z.string().trim().min(1, { error: 'must say what to look for' }).max(1_000, { error: 'is too long' }),
    limit: z.number().int().min(1).max(mostFound).default(20),
  }),
  output: z.object({
    models: z.array(
      z.object({
        name: z.string(),
        description: z.string().optional(),
        run_count: z.number().optional(),
        official: z.boolean().optional(),
        version: z.string().optional(),
        url: z.string().optional(),
        /** Absent: nobody knows. */
        price: priceShape.optional(),
      }),
    ),
  }),
  async run(app, { query, limit }, context) {
    if (app.world === 'real' && !app.hasToken) throw missingToken()
    const target = await app.target('replicate', app.world)
    const found = (await target.search?.(query, limit, context.signal)) ?? []
    const book = await app.prices()
    return {
      models: found.map(({ name, description, run_count, official, version, url }) => {
        const known = book.find({ model: name })
        const price = known && shownPrice(name, known, book, app.clock.now())
        return defined({ name, description, run_count, official, version, url, price })
      }),
    }
  },
})
