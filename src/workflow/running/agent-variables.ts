/** Values of the environment in the `defaults` of agents: filled in for each call, so that no definition holds them. */
import type { StepDefinition, WorkflowDefinition } from '../../domain/definition.ts'
import { ConfigurationError, type ErrorData, toErrorData } from '../../domain/errors.ts'
import { fillVariables, type Lookup, variablesIn } from '../../documents/variables.ts'
import type { CallSpec } from '../../executor/contract.ts'
import type { JsonObject } from '../../std/json.ts'
import { callSpecOf } from './chain.ts'

/** The call of a step with its candidates' defaults filled in, or why they can't be. */
export function filledCall(
  definition: WorkflowDefinition,
  step: StepDefinition,
  input: JsonObject,
  /** Declared values of the environment. */
  env: Readonly<Record<string, string>>,
): { spec: CallSpec } | { missing: ErrorData } {
  const spec = callSpecOf(definition, step, input)
  const missing: ConfigurationError[] = []
  const lookup: Lookup = (name) => (Object.hasOwn(env, name) ? env[name] : undefined)
  const chain = spec.chain.map((candidate) => {
    if (!definition.agents[candidate.name]?.env) return candidate
    const unset = (text: string) => missing.push(unsetVariable(candidate.name, text, lookup))
    return { ...candidate, defaults: fillVariables(candidate.defaults, lookup, unset) as JsonObject }
  })
  const [first] = missing
  return first ? { missing: toErrorData(first) } : { spec: { ...spec, chain } }
}

function unsetVariable(agent: string, text: string, lookup: Lookup): ConfigurationError {
  const { variables } = variablesIn(text)
  const { name = '' } = variables.find((each) => each.otherwise === undefined && lookup(each.name) === undefined) ?? {}
  return new ConfigurationError('missing_secret', `agent "${agent}" needs the variable ${name}, which is not set`, {
    hint: `set ${name} in the environment or in .env`,
  })
}
