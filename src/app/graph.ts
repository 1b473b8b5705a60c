/** A plan as nodes and edges. */
import { z } from 'zod'
import type { Plan, PlanStep } from '../workflow/plan.ts'

export const graphFormats = ['tree', 'mermaid', 'dot', 'json'] as const
export type GraphFormat = (typeof graphFormats)[number]

export const graphShape = z.object({
  workflow: z.string(),
  nodes: z.array(
    z.object({
      id: z.string(),
      group: z.enum(['steps', 'finally']),
      kind: z.enum(['agent', 'model', 'workflow', 'value', 'approval']),
      /** What it calls, where it calls something. */
      calls: z.string().optional(),
      level: z.number(),
      condition: z.string().optional(),
      foreach: z.boolean(),
    }),
  ),
  edges: z.array(z.object({ from: z.string(), to: z.string(), implied: z.boolean(), via: z.string().optional() })),
})
export type Graph = z.infer<typeof graphShape>

export function graphOf(plan: Plan): Graph {
  const steps = [...plan.steps.values()]
  return {
    workflow: plan.definition.name,
    nodes: steps.map((step) => {
      const calls = callsOf(step)
      return {
        ...{ id: step.id, group: step.group, kind: step.definition.action.kind, level: step.level },
        foreach: step.definition.foreach !== undefined,
        ...(calls !== undefined && { calls }),
        ...(step.definition.condition !== undefined && { condition: step.definition.condition }),
      }
    }),
    edges: steps.flatMap((step) =>
      step.needs.map(({ id, implied, via }) => ({ from: id, to: step.id, implied, ...(via !== undefined && { via }) })),
    ),
  }
}

function callsOf({ definition: { action } }: Pick<PlanStep, 'definition'>): string | undefined {
  switch (action.kind) {
    case 'agent':
      return action.agent
    case 'model':
      return action.model
    case 'workflow':
      return action.ref
    default:
      return undefined
  }
}
