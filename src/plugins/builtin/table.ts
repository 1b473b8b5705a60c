/** The plugins that come with the program, each loaded when it is first named. */
import { ownValue } from '../../std/own-entry.ts'
import type { Plugin } from '../plugin.ts'

const table: Readonly<Record<string, () => Promise<Plugin>>> = {
  content_filter: async () => (await import('./content-filter.ts')).contentFilter,
  cost_cap: async () => (await import('./cost-cap.ts')).costCap,
  pii_mask: async () => (await import('./pii-mask.ts')).piiMask,
}

export const builtInNames = Object.keys(table)

export function builtIn(name: string): (() => Promise<Plugin>) | undefined {
  return ownValue(table, name)
}

export function builtInPlugins(): Promise<Plugin[]> {
  return Promise.all(Object.values(table).map((load) => load()))
}
