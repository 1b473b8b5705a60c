/** Plugins as the tests of this folder use them: set up at once, with what they warn of. */
import { openHost } from '../../src/plugins/host.ts'
import { checkOptions } from '../../src/plugins/options.ts'
import type { Plugin } from '../../src/plugins/plugin.ts'
import type { Clock } from '../../src/std/clock.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'

export type HookLog = string[]

/** Any plugin as one of those that the host takes. */
export function defineHostPlugin<O, S>(plugin: Plugin<O, S>): Plugin {
  return plugin
}

export async function hostOf(
  plugins: readonly Plugin[],
  { options = {}, clock = eagerClock() }: { options?: JsonObject; clock?: Clock } = {},
) {
  const warnings: string[] = []
  const held = []
  for (const plugin of plugins) {
    const checked = await checkOptions(plugin, options)
    if ('faults' in checked) throw new Error(checked.faults.map(({ message }) => message).join('\n'))
    const { on_error = 'closed', order = 0 } = plugin
    held.push({ plugin, options: checked.options, on_error, order, timeout_ms: 5_000, folder: '/' })
  }
  const expression = () => () => null
  const host = await openHost({ plugins: held, clock, expression, warn: (message) => warnings.push(message) })
  return { host, warnings }
}

/** Writes down what it is asked. */
export function logging(name: string, log: HookLog): Plugin {
  return {
    name,
    hooks: {
      agent_pre_execute: () => void log.push(`${name} pre`),
      agent_post_execute: () => void log.push(`${name} post`),
      agent_error: (_context, { code }) => void log.push(`${name} error ${code}`),
    },
  }
}
