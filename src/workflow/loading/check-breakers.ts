/** Warns of keys of a circuit breaker that its criterion does not read. */
import { unreadBreakerKeys } from '../../documents/agent/breaker.ts'
import type { AgentSpec } from '../../documents/agent/spec.ts'
import type { Loading } from '../../documents/loading.ts'
import type { AgentDefinition } from '../../domain/definition.ts'

/** `written`: the agents that stand in this file. */
export function checkBreakers(
  agents: Readonly<Record<string, AgentDefinition>>,
  written: Readonly<Record<string, AgentSpec>>,
  { report }: Loading,
): void {
  for (const [name, { breaker }] of Object.entries(written)) {
    const held = agents[name]?.breaker
    for (const { key, why, hint } of held ? unreadBreakerKeys(breaker, [held.criterion], held) : [])
      report(['agents', name, 'breaker', key], {
        ...{ code: 'unread_key', severity: 'warning', message: why, hint, at: 'key' },
      })
  }
}
