/** The plugins of an app, loaded and set up when they are first needed; where there are none, nothing is. */
import type { PluginHost } from '../../plugins/host.ts'
import type { OpenPluginsParts } from './open-plugins.ts'

/** `once`: makes a part of the app that is closed with it. Undefined: there are none. */
export function usedPlugins(
  parts: OpenPluginsParts,
  once: <T>(make: () => Promise<T>, close: (made: T) => Promise<void>) => () => Promise<T>,
): (() => Promise<PluginHost>) | undefined {
  if (parts.given.length === 0 && !parts.config?.spec.plugins?.length) return undefined
  return once(
    async () => (await import('./open-plugins.ts')).openPlugins(parts),
    (host) => host.close(),
  )
}
