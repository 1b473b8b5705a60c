/** Opens the price book: every place where prices may stand, the strongest first. */
import { resolve } from 'node:path'
import { createPriceBook } from '../config/prices/book.ts'
import { readPriceFile } from '../config/prices/read.ts'
import type { PriceSheet } from '../config/prices/sheet.ts'
import type { PriceBook } from '../domain/price.ts'

/** Throws when the file that $REPLICATE_AGENT_PRICES names can't be read, or is no price table. */
export async function openPrices(place: {
  env: Readonly<Record<string, string | undefined>>
  cwd: string
  /** Of the configuration, the strongest first. */
  configured: readonly PriceSheet[]
}): Promise<PriceBook> {
  const file = place.env['REPLICATE_AGENT_PRICES']
  const own = file ? [await readPriceFile(resolve(place.cwd, file), 'environment')] : []
  return createPriceBook([...own, ...place.configured])
}
