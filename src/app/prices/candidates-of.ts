/** Every model that a workflow may call: of its steps, their fallbacks, and the workflows nested in it. */
import type { WorkflowDefinition } from '../../domain/definition.ts'
import type { Candidate } from '../../executor/contract.ts'
import { chainOf } from '../../workflow/running/chain.ts'

/** Each once; functions are left out. */
export function candidatesOf(definition: WorkflowDefinition): Candidate[] {
  const found = new Map<string, Candidate>()
  const open = [definition]
  for (const one of open) {
    for (const step of [...Object.values(one.steps), ...Object.values(one.finally)]) {
      for (const candidate of chainOf(one, step)) {
        const { name, model, deployment, target } = candidate
        if (target === 'replicate') found.set(JSON.stringify([name, model, deployment]), candidate)
      }
    }
    open.push(...Object.values(one.workflows))
  }
  return [...found.values()]
}
