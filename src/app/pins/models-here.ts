/** The models that workflows and agents here call without naming a version, each with what its pin allows. */
import { basename } from 'node:path'
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { UsageError } from '../../domain/errors.ts'
import { strictestPin, type VersionPin } from '../../domain/version-pin.ts'
import { suggest } from '../../std/suggest.ts'
import { listWorkflows } from '../../workflow/find.ts'
import { loadWorkflow } from '../../workflow/load.ts'
import type { App } from '../app.ts'
import { findAgent } from '../named-agents.ts'
import { oneStepWorkflow } from '../one-step.ts'
import { lockCommand } from './lock-place.ts'
import { modelsOf } from './models-of.ts'

type Naming = Pick<App, 'cwd' | 'agents' | 'config'>

/** By `owner/name`. Of workflows with problems, nothing is known. */
export async function modelsHere(app: Naming): Promise<Map<string, VersionPin>> {
  const known = app.agents()
  const models = new Map<string, VersionPin>()
  const add = (definition: WorkflowDefinition) => {
    for (const [model, pin] of modelsOf(definition))
      models.set(model, strictestPin([pin, models.get(model) ?? 'latest']))
  }
  for (const name of Object.keys(known.agents))
    add(oneStepWorkflow({ name, agents: known.agents, inputs: {}, cwd: app.cwd }).definition)
  for (const { file, problems } of await listWorkflows(app.cwd, known)) {
    const outcome = problems > 0 ? undefined : await loadWorkflow(file, known)
    if (outcome?.ok) add(outcome.workflow.definition)
  }
  return models
}

/** `owner/name`, or all models of an agent. Throws UsageError when there is no such agent, or it names versions itself. */
export async function modelsNamed(app: Naming, name: string): Promise<string[]> {
  if (name.includes('/')) {
    if (/^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/.test(name)) return [name]
    throw new UsageError(`"${name}" is no model`, { hint: 'write owner/name' })
  }
  const { definition } = await findAgent(app, name)
  const models = definition.target === 'replicate' ? definition.models.filter((model) => !model.includes(':')) : []
  if (models.length > 0) return models
  throw new UsageError(`agent "${name}" has no model whose version could be locked`, {
    hint: 'versions are found for models that are written owner/name',
  })
}

/** Names → models that the lock file has; all of them where none is named. Throws UsageError for one that it has not. */
export async function lockedNames(
  app: Naming,
  names: readonly string[],
  { file, models }: { file: string; models: ReadonlyMap<string, unknown> },
): Promise<string[]> {
  if (names.length === 0) return [...models.keys()].toSorted()
  const wanted = new Set<string>()
  for (const name of names) {
    const all = await modelsNamed(app, name)
    const known = all.filter((model) => models.has(model))
    if (known.length === 0) {
      const near = suggest(name, models.keys())
      throw new UsageError(`${all.join(', ')} is not in ${basename(file)}`, {
        hint: near === undefined ? `${lockCommand(file, `pin ${name}`)} puts it there` : `did you mean ${near}?`,
      })
    }
    for (const model of known) wanted.add(model)
  }
  return [...wanted]
}
