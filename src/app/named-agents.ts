/** The agents of the configuration, and the agents and models that the workflows of the nearest folder name. */
import type { AgentDefinition, WorkflowDefinition } from '../domain/definition.ts'
import { UsageError } from '../domain/errors.ts'
import { canonicalJson, type Json } from '../std/json.ts'
import { suggest } from '../std/suggest.ts'
import type { App } from './app.ts'
import { isLate } from '../config/layer.ts'
import { listWorkflows } from '../workflow/find.ts'
import { loadWorkflow } from '../workflow/load.ts'

export interface FoundAgent {
  name: string
  definition: AgentDefinition
  /** All agents beside it, itself included: its fallbacks may name them. */
  siblings: Readonly<Record<string, AgentDefinition>>
  /** Names of the workflows that define or name it. */
  workflows: string[]
  /** Of the configuration; absent where a workflow defines it. */
  file?: string
  /** The (first) workflow file that defines it. */
  workflowFile?: string
}

type Naming = Pick<App, 'cwd' | 'agents' | 'config'>

export interface FoundModel {
  model: string
  workflows: string[]
}

/** Workflows with problems are left out. Agents of one name that differ are listed apart. */
export async function namedAgents(app: Naming): Promise<{ agents: FoundAgent[]; models: FoundModel[] }> {
  const known = app.agents()
  const agents = new Map<string, FoundAgent>()
  const models = new Map<string, FoundModel>()
  const config = await app.config()
  for (const [name, definition] of Object.entries(known.agents)) {
    const file = config.layerOf(['agents', name])?.file ?? ''
    agents.set(keyOf(name, definition), { name, definition, siblings: known.agents, workflows: [], file })
  }
  for (const { file } of await listWorkflows(app.cwd, known)) {
    const outcome = await loadWorkflow(file, known)
    if (!outcome.ok) continue
    const { definition } = outcome.workflow
    for (const [name, agent] of Object.entries(definition.agents)) {
      const key = keyOf(name, agent)
      const found = agents.get(key) ?? {
        ...{ name, definition: agent, siblings: definition.agents, workflows: [], workflowFile: file },
      }
      agents.set(key, { ...found, workflows: [...new Set([...found.workflows, definition.name])] })
    }
    for (const model of modelsOf(definition)) {
      const found = models.get(model) ?? { model, workflows: [] }
      models.set(model, { model, workflows: [...new Set([...found.workflows, definition.name])] })
    }
  }
  const byName = (a: string, b: string) => (a < b ? -1 : Number(a > b))
  return {
    agents: [...agents.values()].toSorted((a, b) => byName(a.name, b.name)),
    models: [...models.values()].toSorted((a, b) => byName(a.model, b.model)),
  }
}

function keyOf(name: string, agent: AgentDefinition): string {
  return `${name} ${canonicalJson(agent as unknown as Json)}`
}

function modelsOf(definition: WorkflowDefinition): string[] {
  const own = Object.values(definition.agents).flatMap((agent) => (agent.target === 'replicate' ? agent.models : []))
  const steps = [...Object.values(definition.steps), ...Object.values(definition.finally)]
  return [...own, ...steps.flatMap(({ action }) => (action.kind === 'model' ? [action.model] : []))]
}

/**
 * One of the configuration comes before those of workflows, which are their own affair. Throws UsageError when there is
 * none, or workflows define different agents of that name; what `App.agents` throws; `missing_secret` for one that needs
 * a variable that is not set.
 */
export async function findAgent(app: Naming, name: string): Promise<FoundAgent> {
  const { agents } = await namedAgents(app)
  const all = agents.filter((agent) => agent.name === name)
  const [found, other] = all
  if (!found) {
    const near = suggest(
      name,
      agents.map((agent) => agent.name),
    )
    throw new UsageError(`there is no agent "${name}" in the configuration or the workflows here`, {
      hint: near === undefined ? '`agents list` shows them; a model is written owner/name' : `did you mean "${near}"?`,
    })
  }
  const configured = all.find(({ file }) => file !== undefined)
  if (configured) {
    await assertUsable(app, name)
    return configured
  }
  if (!other) return found
  throw new UsageError(
    `workflows define different agents "${name}": ${found.workflows.join(', ')}; ${other.workflows.join(', ')}`,
  )
}

async function assertUsable(app: Naming, name: string): Promise<void> {
  const config = await app.config()
  const missing = config.unset.find(({ path }) => path[0] === 'agents' && path[1] === name && !isLate(path))
  if (missing) config.use(...missing.path)
}
