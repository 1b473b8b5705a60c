/** One call of an agent or a model as it was asked for: which agent, which schema, which input. */
import { fillVariables } from '../documents/variables.ts'
import { isModelName } from '../documents/agent/normalise.ts'
import { modelPattern } from '../documents/agent/spec.ts'
import type { AgentDefinition } from '../domain/definition.ts'
import { ConfigurationError, NotFoundError, UsageError } from '../domain/errors.ts'
import type { JsonObject } from '../std/json.ts'
import type { LoadedWorkflow } from '../workflow/load.ts'
import type { ActionContext } from './action.ts'
import type { App, World } from './app.ts'
import { assertFits, faultsOfInput, type InputFault } from './call-input.ts'
import { discoverModel, type Discovered, tryDiscoverModel } from './discovery/discover-model.ts'
import { trimmedSchema } from './imported/trimmed-schema.ts'
import { findAgent } from './named-agents.ts'
import { asLocked } from './pins/as-locked.ts'
import { modelsOf } from './pins/models-of.ts'
import { addUsedAgents } from '../workflow/loading/used-agents.ts'
import { inputsOfRun, oneStepWorkflow, propertyOf, typedByJsonSchema } from './one-step.ts'

export interface AskedCall {
  /** An agent, or `owner/name` of a model. */
  agent: string
  /** In place of the agent's candidates. */
  model?: string | undefined
  inputs: JsonObject
  /** Typed by the schema; they come before `inputs`. */
  typed: Readonly<Record<string, string>>
  timeout_ms?: number | undefined
  task?: string | undefined
}

export interface NamedCall {
  name: string
  /** All that it may name, itself included; absent: it is a model. */
  agents?: Readonly<Record<string, AgentDefinition>>
  definition?: AgentDefinition
}

/** What is meant by the name. Throws UsageError, and `invalid_config` where it names an agent that there is not. */
export async function namedCall(app: App, { agent: name, model }: AskedCall): Promise<NamedCall> {
  if (name.includes('/')) {
    if (model === undefined) return { name }
    throw new UsageError("--model takes the place of an agent's candidates", {
      hint: `${name} is a model itself: name the one to call`,
    })
  }
  const { definition, siblings } = await findAgent(app, name)
  assertNamed(name, siblings)
  if (model === undefined) return { name, agents: siblings, definition }
  return withModel(name, definition, siblings, model)
}

/** Found out before anything is paid: which agents it falls back to, and which of them are judged by whom. */
function assertNamed(name: string, agents: Readonly<Record<string, AgentDefinition>>): void {
  const used: Record<string, AgentDefinition> = {}
  addUsedAgents(used, [name], agents)
  for (const [by, { fallback, routing }] of Object.entries(used)) {
    const judge = routing?.quality?.judge?.agent
    const missing = (judge === undefined ? fallback : [...fallback, judge]).find(
      (other) => !isModelName(other) && !Object.hasOwn(agents, other),
    )
    if (missing === undefined) continue
    const how = missing === judge ? 'is judged by' : 'falls back to'
    throw new ConfigurationError('invalid_config', `agent "${by}" ${how} "${missing}", and there is no such agent`, {
      hint: 'name an agent of the configuration or a model, owner/name',
    })
  }
}

function withModel(
  name: string,
  before: AgentDefinition,
  siblings: Readonly<Record<string, AgentDefinition>>,
  model: string,
): NamedCall {
  if (!modelPattern.test(model)) throw new UsageError(`--model takes owner/name, not "${model}"`)
  if (before.target !== 'replicate')
    throw new UsageError(`"${name}" calls a ${before.target}, which no model can take the place of`)
  // Its price is that of its own models.
  const { deployment: _deployment, price: _price, ...kept } = before
  const definition = { ...kept, models: [model] }
  return { name, agents: { ...siblings, [name]: definition }, definition }
}

export interface PreparedCall {
  workflow: LoadedWorkflow
  /** Of the call. */
  inputs: JsonObject
  /** Of its run. */
  given: JsonObject
  /** Whether there was a schema to check the input by. */
  checked: boolean
}

/** Throws `invalid_input` when the input fits none of the candidates, NotFoundError when the only one is not there. */
export async function prepareCall(
  app: App,
  world: World,
  asked: AskedCall,
  named: NamedCall,
  context: ActionContext,
): Promise<PreparedCall> {
  const { name, agents, definition } = named
  const own = definition?.input_schema
  const look = (refresh: boolean) => (own ? [own] : schemasOf(app, world, named, context, refresh))
  let schemas = await look(false)
  let inputs = inputsBy(schemas[0], asked)
  let faults = faultsIn(app, schemas, definition, inputs)
  if (faults.length > 0 && !own) {
    // What is known may be old: before anybody is told that they are wrong, it is read again.
    schemas = await look(true)
    inputs = inputsBy(schemas[0], asked)
    faults = faultsIn(app, schemas, definition, inputs)
  }
  assertFits(name, faults)
  const { timeout_ms, task } = asked
  const [schema] = schemas
  const workflow = oneStepWorkflow({
    ...{ name, inputs, cwd: app.cwd },
    ...(agents && { agents }),
    ...(schema && { schema }),
    ...(timeout_ms !== undefined && { timeout_ms }),
    ...(task !== undefined && { task }),
  })
  const given = Object.fromEntries(inputsOfRun(inputs, schema).map((each) => [each.name, each.value]))
  return { workflow, inputs, given, checked: schemas.length > 0 }
}

/** Of the candidates, of those of which anything is known. */
async function schemasOf(
  app: App,
  world: World,
  { name, agents, definition }: NamedCall,
  context: ActionContext,
  refresh: boolean,
): Promise<JsonObject[]> {
  if (definition && definition.target !== 'replicate') return []
  const models = definition ? definition.models : [name]
  const pins = modelsOf(oneStepWorkflow({ name, inputs: {}, cwd: app.cwd, ...(agents && { agents }) }).definition)
  const known = await Promise.all(
    models.map(async (model) => {
      const pin = pins.get(model) ?? 'latest'
      // What is locked may be about to move.
      const mayMove = refresh && pin === 'minor' && !app.frozen
      const called = mayMove ? model : await asLocked(app, world, model, pin)
      return lookUp(app, world, called, models.length, context, refresh)
    }),
  )
  return known.flatMap((each) => (each?.info.input_schema ? [trimmedSchema(each.info.input_schema)] : []))
}

async function lookUp(
  app: App,
  world: World,
  model: string,
  of: number,
  context: ActionContext,
  refresh: boolean,
): Promise<Discovered | undefined> {
  if (of > 1) return tryDiscoverModel(app, world, model, context, { refresh })
  try {
    return await discoverModel(app, world, model, context, { refresh })
  } catch (error) {
    if (error instanceof NotFoundError) throw error
    return tryDiscoverModel(app, world, model, context, { refresh })
  }
}

function inputsBy(schema: JsonObject | undefined, { inputs, typed }: AskedCall): JsonObject {
  const values = Object.entries(typed).map(([key, text]) => [key, typedByJsonSchema(text, propertyOf(schema, key))])
  return { ...inputs, ...Object.fromEntries(values) } as JsonObject
}

/** Of several candidates, one may take what another does not: only what none of them takes is wrong. */
function faultsIn(
  app: App,
  schemas: readonly JsonObject[],
  definition: AgentDefinition | undefined,
  inputs: JsonObject,
): InputFault[] {
  const defaults = fillVariables(
    definition?.defaults ?? {},
    (variable) => app.env[variable],
    () => {},
  ) as JsonObject
  const all = schemas.map((schema) => faultsOfInput(schema, { ...defaults, ...inputs }))
  return all.some((faults) => faults.length === 0) ? [] : (all[0] ?? [])
}
