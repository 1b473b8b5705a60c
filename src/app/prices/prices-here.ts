/** What the workflows here may call, with the names of those who call it. */
import type { Candidate } from '../../executor/contract.ts'
import { listWorkflows } from '../../workflow/find.ts'
import { loadWorkflow } from '../../workflow/load.ts'
import { candidatesOf } from './candidates-of.ts'

export interface UsedModel {
  candidate: Candidate
  /** Workflows. */
  used_by: string[]
}

/** Files with problems are left out: `validate` tells of them. */
export async function modelsUsedHere(cwd: string): Promise<UsedModel[]> {
  const used = new Map<string, UsedModel>()
  for (const { file } of await listWorkflows(cwd)) {
    const outcome = await loadWorkflow(file)
    if (!outcome.ok) continue
    const { definition } = outcome.workflow
    for (const candidate of candidatesOf(definition)) {
      const key = JSON.stringify([candidate.name, candidate.model, candidate.deployment, candidate.price ?? null])
      const found = used.get(key) ?? { candidate, used_by: [] }
      used.set(key, { candidate, used_by: [...new Set([...found.used_by, definition.name])] })
    }
  }
  return [...used.values()].toSorted((a, b) => (a.candidate.model < b.candidate.model ? -1 : 1))
}
