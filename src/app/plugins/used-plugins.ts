/** The plugins of an app, loaded and set up when they are first needed; where there are none, nothing is. */
import type { PluginHost } from '../../plugins/host.ts'
import type { CallHooks } from '../../plugins/plugin.ts'
import type { EngineParts } from '../../workflow/engine.ts'
import type { OpenPluginsParts } from './open-plugins.ts'

export interface UsedPlugins {
  /** Throws what is wrong with any of them. */
  host(): Promise<PluginHost>
  calls: CallHooks
  forEngine(): Promise<Required<Pick<EngineParts, 'hooks' | 'planOfQuestion'>>>
}

/** `once`: makes a part of the app that is closed with it. Undefined: there are none. */
export function usedPlugins(
  parts: OpenPluginsParts,
  once: <T>(make: () => Promise<T>, close: (made: T) => Promise<void>) => () => Promise<T>,
): UsedPlugins | undefined {
  if (parts.given.length === 0 && !parts.config?.spec.plugins?.length) return undefined
  const host = once(
    async () => (await import('./open-plugins.ts')).openPlugins(parts),
    (opened) => opened.close(),
  )
  return {
    host,
    calls: { enter: async (call, made) => (await host()).calls.enter(call, made) },
    async forEngine() {
      const { questionPlan } = await import('./question-plan.ts')
      return {
        hooks: {
          pre: async (step, signal) => (await host()).steps.pre(step, signal),
          post: async (step, output, signal) => (await host()).steps.post(step, output, signal),
        },
        planOfQuestion: (agent, names) => questionPlan(parts.config?.agents ?? {}, agent, names),
      }
    },
  }
}
