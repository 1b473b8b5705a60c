/** The agents from elsewhere that a workflow uses become its own, so that a run keeps them. */
import type { AgentDefinition } from '../../domain/definition.ts'

/** Adds the agents from elsewhere that are used here, with those that they fall back to or are judged by. */
export function addUsedAgents(
  agents: Record<string, AgentDefinition>,
  used: Iterable<string>,
  known: Readonly<Record<string, AgentDefinition>>,
): void {
  const open = [...used, ...Object.values(agents).flatMap(namedBy)]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const agent = Object.hasOwn(known, name) ? known[name] : undefined
    if (!agent || Object.hasOwn(agents, name)) continue
    agents[name] = agent
    open.push(...namedBy(agent))
  }
}

function namedBy({ fallback, routing }: AgentDefinition): string[] {
  const judge = routing?.quality?.judge?.agent
  return judge === undefined ? fallback : [...fallback, judge]
}
