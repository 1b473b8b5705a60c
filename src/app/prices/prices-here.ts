/** What the workflows and the configuration here may call, with the names of the workflows that do. */
import type { WorkflowDefinition } from '../../domain/definition.ts'
import type { Candidate } from '../../executor/contract.ts'
import { listWorkflows } from '../../workflow/find.ts'
import { loadWorkflow } from '../../workflow/load.ts'
import type { App } from '../app.ts'
import { oneStepWorkflow } from '../one-step.ts'
import { candidatesOf } from './candidates-of.ts'

export interface UsedModel {
  candidate: Candidate
  /** Workflows; none: an agent of the configuration that no workflow names. */
  used_by: string[]
}

/** Files with problems are left out: `validate` tells of them. */
export async function modelsUsedHere(app: Pick<App, 'cwd' | 'agents'>): Promise<UsedModel[]> {
  const used = new Map<string, UsedModel>()
  const add = (definition: WorkflowDefinition, users: readonly string[]) => {
    for (const candidate of candidatesOf(definition)) {
      const key = JSON.stringify([candidate.name, candidate.model, candidate.deployment, candidate.price ?? null])
      const found = used.get(key) ?? { candidate, used_by: [] }
      used.set(key, { candidate, used_by: [...new Set([...found.used_by, ...users])] })
    }
  }
  const known = app.agents()
  for (const { file } of await listWorkflows(app.cwd, known)) {
    const outcome = await loadWorkflow(file, known)
    if (outcome.ok) add(outcome.workflow.definition, [outcome.workflow.definition.name])
  }
  const { agents } = known
  for (const name of Object.keys(agents))
    add(oneStepWorkflow({ name, agents, inputs: {}, cwd: app.cwd }).definition, [])
  return [...used.values()].toSorted((a, b) => (a.candidate.model < b.candidate.model ? -1 : 1))
}
