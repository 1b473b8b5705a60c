/** The models of a definition whose version is to be found: not those that name one, nor deployments. */
import type { WorkflowDefinition } from '../../domain/definition.ts'
import type { VersionPin } from '../../domain/version-pin.ts'
import { chainOf } from '../../workflow/running/chain.ts'

/** By `owner/name`, with what its pin allows; those of nested workflows, too. `settled`: steps that call nothing more. */
export function modelsOf(
  definition: WorkflowDefinition,
  settled: ReadonlySet<string> = new Set(),
): Map<string, VersionPin> {
  const models = new Map<string, VersionPin>()
  collect(definition, settled, models)
  return models
}

function collect(definition: WorkflowDefinition, settled: ReadonlySet<string>, models: Map<string, VersionPin>): void {
  for (const [id, step] of Object.entries({ ...definition.steps, ...definition.finally })) {
    if (settled.has(id)) continue
    if (step.action.kind === 'workflow') {
      const nested = definition.workflows[step.action.ref]
      if (nested) collect(nested, new Set(), models)
      continue
    }
    for (const { target, model, deployment, version_pin: pin = 'latest' } of chainOf(definition, step)) {
      if (target === 'replicate' && !deployment && !model.includes(':')) models.set(model, pin)
    }
  }
}
