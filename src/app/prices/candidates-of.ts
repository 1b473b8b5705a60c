/** Every model that a workflow may call: of its steps, their fallbacks and judges, and the workflows nested in it. */
import type { AgentDefinition, WorkflowDefinition } from '../../domain/definition.ts'
import type { Candidate } from '../../executor/contract.ts'
import { judgeReference, judgeWorkflow } from '../../workflow/planning/quality.ts'
import { chainOf } from '../../workflow/running/chain.ts'

/** Each once; functions are left out. */
export function candidatesOf(definition: WorkflowDefinition): Candidate[] {
  const found = new Map<string, Candidate>()
  const judged = new Set<AgentDefinition | undefined>()
  const open = [definition]
  // Grows while it is gone through.
  for (const one of open) {
    for (const step of [...Object.values(one.steps), ...Object.values(one.finally)]) {
      for (const candidate of chainOf(one, step)) {
        const { name, model, deployment, target } = candidate
        if (target === 'replicate') found.set(JSON.stringify([name, model, deployment]), candidate)
        const agent = Object.hasOwn(one.agents, name) ? one.agents[name] : undefined
        const judge = judged.has(agent) ? undefined : judgeWorkflow(one.agents, judgeReference(name))
        judged.add(agent)
        if (judge) open.push(judge)
      }
    }
    open.push(...Object.values(one.workflows))
  }
  return [...found.values()]
}
