/** Says that a token is missing before anything is journaled, instead of in the middle of a run. */
import type { WorkflowDefinition } from '../domain/definition.ts'
import { ConfigurationError } from '../domain/errors.ts'
import { chainOf } from '../workflow/running/chain.ts'
import type { App, World } from './app.ts'

/** Throws `missing_token` when a step that is not among the `settled` ones calls Replicate for real and no token is set. */
export function needToken(
  app: Pick<App, 'hasToken'>,
  world: World,
  definition: WorkflowDefinition,
  settled: ReadonlySet<string> = new Set(),
): void {
  if (world !== 'real' || app.hasToken || !callsReplicate(definition, settled)) return
  throw missingToken()
}

export function missingToken(): ConfigurationError {
  return new ConfigurationError('missing_token', 'no Replicate API token is set', {
    hint: 'make one at https://replicate.com/account/api-tokens and `export REPLICATE_API_TOKEN=r8_…`; --sandbox needs none',
  })
}

function callsReplicate(definition: WorkflowDefinition, settled: ReadonlySet<string>): boolean {
  return Object.entries({ ...definition.steps, ...definition.finally }).some(([id, step]) => {
    if (settled.has(id)) return false
    if (step.action.kind !== 'workflow')
      return chainOf(definition, step).some((candidate) => candidate.target === 'replicate')
    const nested = definition.workflows[step.action.ref]
    return nested !== undefined && callsReplicate(nested, new Set())
  })
}
