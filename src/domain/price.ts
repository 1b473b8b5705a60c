/** What calls cost: dollars for each unit of something, since when, and who says so. */

/** What is counted, each a part `usd_per_…` of a price. */
export const units = [
  'call',
  'second',
  'output',
  'output_second',
  'input_character',
  'input_token',
  'output_token',
] as const
export type Unit = (typeof units)[number]

/** Dollars for each unit. What is absent costs nothing. */
export type Rates = { [U in Unit as `usd_per_${U}`]?: number }

/** A price as somebody writes it. */
export interface Price extends Rates {
  /** The machine that it runs on, whose price for a second counts: in place of `usd_per_second`. */
  hardware?: string
  /** The day on which it was looked up: YYYY-MM-DD. */
  as_of?: string
  /** Who says so: a page, a bill. */
  source?: string
}

/** Where a price stands. */
export type PriceOrigin =
  | { kind: 'agent' }
  | { kind: 'built_in' }
  /** `environment`: the file that $REPLICATE_AGENT_PRICES names. */
  | { kind: 'environment' | 'project' | 'user'; file: string; line: number }

export interface FoundPrice {
  /** Hardware is a price for a second here; undefined: nobody knows what its hardware costs. */
  rates: Rates | undefined
  hardware?: string
  /** Of price and hardware, the older day; absent: nobody said. */
  as_of?: string
  source?: string
  from: PriceOrigin
}

export interface HardwarePrice {
  usd_per_second: number
  as_of?: string
  source?: string
  from: PriceOrigin
}

/** What there is to be priced: a candidate of a call. */
export interface Priced {
  /** `owner/name`, `owner/name:version`, or a deployment's `owner/name`. */
  model: string
  deployment?: boolean
  /** The agent's own, which comes before all others. */
  price?: Price
}

/** All prices that there are. The same book serves estimates, budgets and reports. */
export interface PriceBook {
  /** In this order: the agent's, $REPLICATE_AGENT_PRICES, the project's, the user's, the built-in; undefined: nobody knows. */
  find(what: Priced): FoundPrice | undefined
  /** By name. */
  readonly models: ReadonlyMap<string, FoundPrice>
  readonly hardware: ReadonlyMap<string, HardwarePrice>
  /** An older price is worth a warning. */
  readonly max_age_days: number
}

const dayMs = 86_400_000

/** Whole days since the beginning of that day, UTC; negative: it is to come. `now`: epoch milliseconds. */
export function ageDays(asOf: string, now: number): number {
  return Math.floor((now - Date.parse(`${asOf}T00:00:00Z`)) / dayMs)
}

/** Whether it is a day that there is: 2026-02-30 is none. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

/** Whether a price was looked up so long ago that it may have changed. Of one without a day nobody can tell. */
export function isOld(price: { as_of?: string }, maxAgeDays: number, now: number): boolean {
  return price.as_of !== undefined && ageDays(price.as_of, now) > maxAgeDays
}

/**
 * Dollars of so much of each unit, to a billionth: products of prices have long tails. null: unknown, because nobody
 * knows a price, or an amount of something that has one.
 */
export function costOfAmounts(
  rates: Rates | undefined,
  amounts: Readonly<Partial<Record<Unit, number | undefined>>>,
): number | null {
  if (!rates) return null
  let usd = 0
  for (const unit of units) {
    const rate = rates[`usd_per_${unit}`]
    if (!rate) continue
    const amount = amounts[unit]
    if (amount === undefined) return null
    usd += rate * amount
  }
  return Number.isFinite(usd) ? Math.round(usd * 1e9) / 1e9 : null
}
