/** Prices that were looked up so long ago that they may have changed. */
import { z } from 'zod'
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { ageDays, isOld, type Priced, type PriceBook } from '../../domain/price.ts'
import type { ActionContext } from '../action.ts'
import type { App } from '../app.ts'
import { candidatesOf } from './candidates-of.ts'

export const oldPriceShape = z.object({ model: z.string(), as_of: z.string(), age_days: z.number() })
export type OldPrice = z.infer<typeof oldPriceShape>

export function oldPrices(book: PriceBook, candidates: readonly Priced[], now: number): OldPrice[] {
  const old = new Map<string, OldPrice>()
  for (const candidate of candidates) {
    const as_of = book.find(candidate)?.as_of
    if (as_of === undefined || !isOld({ as_of }, book.max_age_days, now)) continue
    old.set(candidate.model, { model: candidate.model, as_of, age_days: ageDays(as_of, now) })
  }
  return [...old.values()]
}

const mostNamed = 3

/** For what relies on them. */
export function oldPricesLine(old: readonly OldPrice[]): string {
  return `old prices: ${oldPriceText(old)}; \`prices check\` tells more`
}

/** `acme/x (204 days)`, and how many more. */
function oldPriceText(old: readonly OldPrice[]): string {
  const named = old.slice(0, mostNamed).map(({ model, age_days }) => `${model} (${age_days} days)`)
  const more = old.length - named.length
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ')
}

/** Says that a budget is kept by prices that may have changed. */
export async function warnOfOldPrices(
  app: App,
  definition: WorkflowDefinition,
  context: Pick<ActionContext, 'warn'>,
): Promise<void> {
  const old = oldPrices(await app.prices(), candidatesOf(definition), app.clock.now())
  if (old.length > 0) context.warn(`the budget is kept by ${oldPricesLine(old)}`)
}
