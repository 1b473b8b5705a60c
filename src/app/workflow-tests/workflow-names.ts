/** The names of a workflow, and of those nested in it, that a test may use. */
import type { ApprovalDefinition, WorkflowDefinition } from '../../domain/definition.ts'
import { chainOf } from '../../workflow/running/chain.ts'

export interface NamedApproval {
  id: string
  approval: ApprovalDefinition
}

export interface WorkflowNames {
  /** Ids of its own steps. */
  own: string[]
  /** Ids of all steps; those of a nested workflow as `outer.inner`. */
  steps: string[]
  /** Steps that make calls; those of a nested workflow as `outer.inner`. */
  callers: string[]
  /** What they call, without versions. */
  models: string[]
  /** Of nested workflows, too. */
  approvals: NamedApproval[]
}

export function namesIn(definition: WorkflowDefinition): WorkflowNames {
  const steps = new Set<string>()
  const callers = new Set<string>()
  const models = new Set<string>()
  const approvals: NamedApproval[] = []
  const visit = (within: WorkflowDefinition, prefix: string) => {
    for (const [id, step] of Object.entries({ ...within.steps, ...within.finally })) {
      const { action } = step
      const path = prefix + id
      steps.add(path)
      if (action.kind === 'approval') approvals.push({ id, approval: action.approval })
      const chain = chainOf(within, step)
      if (chain.length > 0) callers.add(path)
      for (const { model } of chain) models.add(nameOfModel(model))
      const nested = action.kind === 'workflow' ? within.workflows[action.ref] : undefined
      if (nested) visit(nested, `${path}.`)
    }
  }
  visit(definition, '')
  const own = [...Object.keys(definition.steps), ...Object.keys(definition.finally)]
  return { own, steps: [...steps], callers: [...callers], models: [...models], approvals }
}

/** Without its version. */
export function nameOfModel(model: string): string {
  return model.split(':')[0] as string
}
