/** The prices that stand in one place, with the lines that they stand on. */
import type { HardwarePrice, Price, PriceOrigin } from '../../domain/price.ts'
import { defined } from '../../std/defined.ts'
import { builtInDay, builtInHardware, builtInModels, builtInSource } from './built-in.ts'
import type { PricesSpec } from './spec.ts'

export interface PriceSheet {
  models: ReadonlyMap<string, { price: Price; from: PriceOrigin }>
  hardware: ReadonlyMap<string, HardwarePrice>
  max_age_days?: number
}

export type SheetKind = Exclude<PriceOrigin['kind'], 'agent' | 'built_in'>

/** `lineOf`: the line of a key under the prices, from 1. */
export function sheetOf(
  { hardware = {}, max_age_days, ...models }: PricesSpec,
  kind: SheetKind,
  file: string,
  lineOf: (path: readonly string[]) => number,
): PriceSheet {
  const from = (path: readonly string[]): PriceOrigin => ({ kind, file, line: lineOf(path) })
  return {
    models: new Map(
      Object.entries(models).map(([name, price]) => [name, { price: defined(price), from: from([name]) }]),
    ),
    hardware: new Map(
      Object.entries(hardware).map(([sku, written]) => {
        const price = typeof written === 'number' ? { usd_per_second: written } : written
        return [sku, { ...(defined(price) as Omit<HardwarePrice, 'from'>), from: from(['hardware', sku]) }]
      }),
    ),
    ...(max_age_days !== undefined && { max_age_days }),
  }
}

export const builtInSheet: PriceSheet = {
  models: new Map(
    Object.entries(builtInModels).map(([name, price]) => [
      name,
      { price: { ...price, as_of: builtInDay, source: builtInSource }, from: { kind: 'built_in' } },
    ]),
  ),
  hardware: new Map(
    Object.entries(builtInHardware).map(([sku, usd_per_second]) => [
      sku,
      { usd_per_second, as_of: builtInDay, source: builtInSource, from: { kind: 'built_in' } },
    ]),
  ),
}
