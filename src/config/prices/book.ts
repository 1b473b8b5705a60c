/** The one book of prices: what stands in several places, the strongest first, as one. */
import type { FoundPrice, HardwarePrice, Price, PriceBook, PriceOrigin, Rates } from '../../domain/price.ts'
import { units } from '../../domain/price.ts'
import { builtInSheet, type PriceSheet } from './sheet.ts'
import { defaultMaxAgeDays } from './spec.ts'

/** `sheets`: what users wrote, the strongest first; the built-in list comes after them. */
export function createPriceBook(sheets: readonly PriceSheet[]): PriceBook {
  const all = [...sheets, builtInSheet]
  const hardware = merged(all.map((sheet) => sheet.hardware))
  const resolve = (price: Price, from: PriceOrigin): FoundPrice => resolved(price, from, hardware)
  const models = merged(all.map((sheet) => sheet.models))
  return {
    find({ model, deployment, price }) {
      if (price) return resolve(price, { kind: 'agent' })
      const name = model.split(':')[0] as string
      // A deployment runs whatever its owner says, on machines of their choice.
      for (const sheet of deployment ? sheets : all) {
        const entry = sheet.models.get(model) ?? sheet.models.get(name)
        if (entry) return resolve(entry.price, entry.from)
      }
      return undefined
    },
    models: new Map([...models].map(([name, { price, from }]) => [name, resolve(price, from)])),
    hardware,
    max_age_days: sheets.find((sheet) => sheet.max_age_days !== undefined)?.max_age_days ?? defaultMaxAgeDays,
  }
}

/** By name; the first that has a name is the one that counts. */
function merged<T>(maps: readonly ReadonlyMap<string, T>[]): Map<string, T> {
  const all = new Map<string, T>()
  for (const map of maps.toReversed()) for (const [name, entry] of map) all.set(name, entry)
  return new Map([...all].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function resolved(price: Price, from: PriceOrigin, machines: ReadonlyMap<string, HardwarePrice>): FoundPrice {
  const { hardware, source } = price
  const machine = hardware === undefined ? undefined : machines.get(hardware)
  const rates = ratesOf(price, machine)
  const as_of = older(price.as_of, machine?.as_of)
  return {
    rates: hardware !== undefined && !machine ? undefined : rates,
    ...(hardware !== undefined && { hardware }),
    ...(as_of !== undefined && { as_of }),
    ...(source !== undefined && { source }),
    from,
  }
}

function ratesOf(price: Price, machine: HardwarePrice | undefined): Rates {
  const rates: Rates = {}
  for (const unit of units) {
    const usd = price[`usd_per_${unit}`]
    if (usd !== undefined) rates[`usd_per_${unit}`] = usd
  }
  if (machine) rates.usd_per_second = machine.usd_per_second
  return rates
}

function older(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a < b ? a : b
}
