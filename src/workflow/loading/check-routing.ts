/** Warns of routing that does not do what it looks like: keys that the strategy does not read, a cascade that accepts all. */
import { contentCascade, unreadKeys } from '../../documents/agent/routing.ts'
import type { AgentSpec } from '../../documents/agent/spec.ts'
import type { Loading } from '../../documents/loading.ts'
import type { AgentDefinition } from '../../domain/definition.ts'
import { defaultRouting } from '../../domain/routing.ts'

/** `written`: the agents that stand in this file. */
export function checkRouting(
  agents: Readonly<Record<string, AgentDefinition>>,
  written: Readonly<Record<string, AgentSpec>>,
  { report }: Loading,
): void {
  for (const [name, { routing }] of Object.entries(written)) {
    const { strategy } = agents[name]?.routing ?? defaultRouting
    for (const { key, why } of unreadKeys(routing ?? {}, [strategy])) {
      const hint = 'leave it out, or name another `strategy`'
      report(['agents', name, 'routing', key], {
        ...{ code: 'unread_key', severity: 'warning', message: why, hint, at: 'key' },
      })
    }
    const content = contentCascade(agents[name]?.routing)
    if (content) {
      const path = routing?.strategy === undefined ? ['agents', name] : ['agents', name, 'routing', 'strategy']
      report(path, { ...content, severity: 'warning', at: 'key' })
    }
  }
}
