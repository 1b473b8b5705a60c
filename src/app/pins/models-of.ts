/** The models of a definition whose version is to be found: not those that name one, nor deployments. */
import type { StepDefinition, WorkflowDefinition } from '../../domain/definition.ts'
import type { VersionPin } from '../../domain/version-pin.ts'
import type { Candidate } from '../../executor/contract.ts'
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
    const chain = chainOf(definition, step)
    for (const { target, model, deployment, version_pin: pin = 'latest' } of [
      ...chain,
      ...chain.flatMap(({ name }) => judgesOf(name, definition)),
    ]) {
      if (target === 'replicate' && !deployment && !model.includes(':')) models.set(model, pin)
    }
  }
}

/** What scores the answers of an agent. */
function judgesOf(name: string, definition: WorkflowDefinition): Candidate[] {
  const agent = Object.hasOwn(definition.agents, name) ? definition.agents[name] : undefined
  const judge = agent?.routing?.quality?.judge?.agent
  if (judge === undefined) return []
  const asks: StepDefinition = {
    ...{ action: { kind: 'agent', agent: judge }, needs: [], input: {} },
    ...{ on_error: 'fail', fallback: [] },
  }
  return chainOf(definition, asks)
}
