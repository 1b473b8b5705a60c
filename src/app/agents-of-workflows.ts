/** The agents and models that the workflows of the nearest folder name. */
import type { AgentDefinition, WorkflowDefinition } from '../domain/definition.ts'
import { UsageError } from '../domain/errors.ts'
import { canonicalJson, type Json } from '../std/json.ts'
import { suggest } from '../std/suggest.ts'
import { listWorkflows } from '../workflow/find.ts'
import { loadWorkflow } from '../workflow/load.ts'

export interface FoundAgent {
  name: string
  definition: AgentDefinition
  /** All agents of its (first) workflow, itself included: its fallbacks may name them. */
  siblings: Readonly<Record<string, AgentDefinition>>
  /** Names of the workflows that define it. */
  workflows: string[]
}

export interface FoundModel {
  model: string
  workflows: string[]
}

/** Files with problems are left out. Agents of one name that differ are listed apart. */
export async function agentsOfWorkflows(cwd: string): Promise<{ agents: FoundAgent[]; models: FoundModel[] }> {
  const agents = new Map<string, FoundAgent>()
  const models = new Map<string, FoundModel>()
  for (const { file } of await listWorkflows(cwd)) {
    const outcome = await loadWorkflow(file)
    if (!outcome.ok) continue
    const { definition } = outcome.workflow
    for (const [name, agent] of Object.entries(definition.agents)) {
      const key = `${name} ${canonicalJson(agent as unknown as Json)}`
      const found = agents.get(key) ?? { name, definition: agent, siblings: definition.agents, workflows: [] }
      agents.set(key, { ...found, workflows: [...new Set([...found.workflows, definition.name])] })
    }
    for (const model of modelsOf(definition)) {
      const found = models.get(model) ?? { model, workflows: [] }
      models.set(model, { model, workflows: [...new Set([...found.workflows, definition.name])] })
    }
  }
  const byName = (a: string, b: string) => (a < b ? -1 : 1)
  return {
    agents: [...agents.values()].toSorted((a, b) => byName(a.name, b.name)),
    models: [...models.values()].toSorted((a, b) => byName(a.model, b.model)),
  }
}

function modelsOf(definition: WorkflowDefinition): string[] {
  const own = Object.values(definition.agents).flatMap((agent) => (agent.target === 'replicate' ? agent.models : []))
  const steps = [...Object.values(definition.steps), ...Object.values(definition.finally)]
  return [...own, ...steps.flatMap(({ action }) => (action.kind === 'model' ? [action.model] : []))]
}

/** Throws UsageError when there is none, or workflows define different agents of that name. */
export async function findAgent(cwd: string, name: string): Promise<FoundAgent> {
  const { agents } = await agentsOfWorkflows(cwd)
  const [found, other] = agents.filter((agent) => agent.name === name)
  if (!found) {
    const near = suggest(
      name,
      agents.map((agent) => agent.name),
    )
    throw new UsageError(`there is no agent "${name}" in the workflows here`, {
      hint: near === undefined ? '`agents list` shows them; a model is written owner/name' : `did you mean "${near}"?`,
    })
  }
  if (!other) return found
  throw new UsageError(
    `workflows define different agents "${name}": ${found.workflows.join(', ')}; ${other.workflows.join(', ')}`,
  )
}
