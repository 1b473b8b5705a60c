/** Every kind of target and how it is made; each is loaded at its first call. */
import { ConfigurationError } from '../domain/errors.ts'
import type { AgentFunction } from './function/target.ts'
import type { ReplicateOptions } from './replicate/options.ts'
import type { Target } from './target.ts'

export interface TargetOptions {
  replicate: ReplicateOptions
  functions: Readonly<Record<string, AgentFunction>>
}

type Factory = (options: TargetOptions) => Promise<Target>

const targetTable: Readonly<Record<string, Factory>> = {
  replicate: async ({ replicate }) => (await import('./replicate/target.ts')).createReplicateTarget(replicate),
  function: async ({ functions }) => (await import('./function/target.ts')).createFunctionTarget(functions),
}

export interface Targets {
  /** Throws ConfigurationError for an unknown kind, or what the target's factory throws (a missing token). */
  get(kind: string): Promise<Target>
  close(): Promise<void>
}

/** The targets of a process: each is made once, when first asked for. */
export function openTargets(options: TargetOptions): Targets {
  const made = new Map<string, Promise<Target>>()
  return {
    get(kind) {
      const known = made.get(kind)
      if (known) return known
      const factory = Object.hasOwn(targetTable, kind) ? targetTable[kind] : undefined
      if (!factory) {
        const kinds = Object.keys(targetTable).join(', ')
        return Promise.reject(
          new ConfigurationError('configuration', `there is no target "${kind}"`, { hint: `targets are ${kinds}` }),
        )
      }
      const target = factory(options)
      made.set(kind, target)
      target.catch(() => made.delete(kind))
      return target
    },
    async close() {
      const targets = await Promise.allSettled(made.values())
      made.clear()
      for (const target of targets) if (target.status === 'fulfilled') await target.value.close()
    },
  }
}
