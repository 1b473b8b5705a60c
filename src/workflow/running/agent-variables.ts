/** Values of the environment in the `defaults` of agents: filled in for each call, so that no definition holds them. */
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { ConfigurationError } from '../../domain/errors.ts'
import { fillVariables, type Lookup, variablesIn } from '../../documents/variables.ts'
import type { CallSpec } from '../../executor/contract.ts'
import type { JsonObject } from '../../std/json.ts'

/** A call with its candidates' defaults filled in, or why that can't be. */
export function fillDefaults(
  spec: CallSpec,
  { agents }: Pick<WorkflowDefinition, 'agents'>,
  env: Readonly<Record<string, string>>,
): { spec: CallSpec } | { missing: ConfigurationError } {
  const missing: ConfigurationError[] = []
  const lookup: Lookup = (name) => (Object.hasOwn(env, name) ? env[name] : undefined)
  const chain = spec.chain.map((candidate) => {
    if (!agents[candidate.name]?.env) return candidate
    const unset = (text: string) => missing.push(unsetVariable(candidate.name, text, lookup))
    return { ...candidate, defaults: fillVariables(candidate.defaults, lookup, unset) as JsonObject }
  })
  const [first] = missing
  return first ? { missing: first } : { spec: { ...spec, chain } }
}

function unsetVariable(agent: string, text: string, lookup: Lookup): ConfigurationError {
  const { variables } = variablesIn(text)
  const { name = '' } = variables.find((each) => each.otherwise === undefined && lookup(each.name) === undefined) ?? {}
  return new ConfigurationError('missing_secret', `agent "${agent}" needs the variable ${name}, which is not set`, {
    hint: `set ${name} in the environment or in .env`,
  })
}
