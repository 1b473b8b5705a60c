/** A price as doors show it. */
import { z } from 'zod'
import { ageDays, type FoundPrice, isOld, type PriceBook, type PriceOrigin, units } from '../../domain/price.ts'
import { defined } from '../../std/defined.ts'

const originShape = z.object({
  kind: z.enum(['agent', 'built_in', 'environment', 'project', 'user']),
  /** Of an agent. */
  agent: z.string().optional(),
  file: z.string().optional(),
  line: z.number().optional(),
})

const provenance = {
  as_of: z.string().optional(),
  age_days: z.number().optional(),
  old: z.boolean(),
  source: z.string().optional(),
  from: originShape,
}

export const priceShape = z.object({
  model: z.string(),
  /** Absent: the price of its hardware is unknown. */
  rates: z
    .object(Object.fromEntries(units.map((unit) => [`usd_per_${unit}`, z.number().optional()] as const)))
    .optional(),
  hardware: z.string().optional(),
  ...provenance,
})
export const hardwarePriceShape = z.object({ sku: z.string(), usd_per_second: z.number(), ...provenance })

export function shownPrice(model: string, price: FoundPrice, book: PriceBook, now: number, agent?: string) {
  return {
    model,
    ...defined({ rates: price.rates, hardware: price.hardware }),
    ...shownProvenance(price, book, now, agent),
  }
}

export function shownProvenance(
  { as_of, source, from }: { as_of?: string; source?: string; from: PriceOrigin },
  book: PriceBook,
  now: number,
  agent?: string,
) {
  return {
    ...defined({ as_of, age_days: as_of === undefined ? undefined : ageDays(as_of, now), source }),
    old: isOld(defined({ as_of }), book.max_age_days, now),
    from: { ...from, ...(agent !== undefined && { agent }) },
  }
}
