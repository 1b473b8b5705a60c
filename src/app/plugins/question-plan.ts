/** The plan of a workflow that asks an agent of the configuration, for a plugin. */
import type { AgentDefinition } from '../../domain/definition.ts'
import { ConfigurationError } from '../../domain/errors.ts'
import { suggest } from '../../std/suggest.ts'
import { addUsedAgents } from '../../workflow/loading/used-agents.ts'
import { type Plan, planOf } from '../../workflow/plan.ts'
import { questionWorkflow } from '../../workflow/planning/quality.ts'

/** Throws ConfigurationError when there is no such agent. */
export function questionPlan(
  agents: Readonly<Record<string, AgentDefinition>>,
  asked: string,
  names: readonly string[],
): Plan {
  const used: Record<string, AgentDefinition> = {}
  if (!asked.includes('/')) {
    if (!Object.hasOwn(agents, asked)) {
      const near = suggest(asked, Object.keys(agents))
      throw new ConfigurationError('invalid_config', `there is no agent "${asked}" in the configuration`, {
        hint:
          near === undefined
            ? 'plugins ask agents of the configuration, or models: owner/name'
            : `did you mean "${near}"?`,
      })
    }
    addUsedAgents(used, [asked], agents)
  }
  const env = [...new Set(Object.values(used).flatMap((agent) => agent.env ?? []))]
  return planOf(questionWorkflow({ name: 'plugin_question', step: 'ask', agents: used, env }, asked, names))
}
