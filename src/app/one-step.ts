/** A workflow of one step, for calling an agent or a model with the same journal as any run (ruling 51). */
import { join } from 'node:path'
import type { AgentDefinition, InputSpec, WorkflowDefinition } from '../domain/definition.ts'
import { isObject, type Json, type JsonObject } from '../std/json.ts'
import type { LoadedWorkflow } from '../workflow/load.ts'
import { addUsedAgents } from '../workflow/loading/used-agents.ts'
import { planOf } from '../workflow/plan.ts'

const step = 'call'

export interface OneStep {
  name: string
  /** The agents among which `name` is; absent: it is a model. */
  agents?: Readonly<Record<string, AgentDefinition>>
  inputs: JsonObject
  /** JSON Schema of the input, where it is known: strings of format `uri` may be paths. */
  schema?: JsonObject
  /** Of all attempts together; absent: the agent's. */
  timeout_ms?: number
  /** In place of the agent's `routing.task`. */
  task?: string
  cwd: string
}

/** Its inputs are those that `inputsOfRun` gives, its one output is `output`. */
export function oneStepWorkflow({ name, agents, inputs, schema, timeout_ms, task, cwd }: OneStep): LoadedWorkflow {
  const given = inputsOfRun(inputs, schema)
  const used: Record<string, AgentDefinition> = {}
  if (agents) addUsedAgents(used, [name], agents)
  const definition: WorkflowDefinition = {
    name,
    env: [...new Set(Object.values(used).flatMap(({ env = [] }) => env))],
    inputs: Object.fromEntries(given.map(({ name: key, value, property }) => [key, specOf(value, property)])),
    agents: used,
    steps: {
      [step]: {
        action: agents ? { kind: 'agent', agent: name } : { kind: 'model', model: name },
        needs: [],
        input: Object.fromEntries(
          Object.entries(inputs).map(([key, value]) => [
            key,
            isFileList(value, propertyOf(schema, key)) ? value.map((_, at) => byName(itemName(key, at))) : byName(key),
          ]),
        ),
        on_error: 'fail',
        fallback: [],
        ...(timeout_ms !== undefined && { timeout_ms }),
        ...(task !== undefined && { task }),
      },
    },
    finally: {},
    outputs: { output: `\${{ steps.${step}.output }}` },
    max_concurrency: 1,
    workflows: {},
  }
  const plan = planOf(definition)
  return { definition, plan, hash: plan.hash, file: join(cwd, `${step}.yaml`), warnings: [] }
}

/** So that what is given is data, and never read as a template. */
function byName(name: string): string {
  return `\${{ inputs[${JSON.stringify(name)}] }}`
}

/** What its run is given: the input of the call, but each file of a list by itself, for it may be a path. */
export function inputsOfRun(
  inputs: JsonObject,
  schema: JsonObject | undefined,
): { name: string; value: Json; property: JsonObject | undefined }[] {
  return Object.entries(inputs).flatMap(([name, value]) => {
    const property = propertyOf(schema, name)
    if (!isFileList(value, property)) return [{ name, value, property }]
    return value.map((each, at) => ({ name: itemName(name, at), value: each, property: itemsOf(property) }))
  })
}

function itemName(name: string, at: number): string {
  return `${name}[${at}]`
}

export function isFileList(value: Json, property: JsonObject | undefined): value is string[] {
  if (!Array.isArray(value) || !value.every((each) => typeof each === 'string')) return false
  return isFile(itemsOf(property))
}

function itemsOf(property: JsonObject | undefined): JsonObject | undefined {
  const lists = property === undefined ? [] : alternatives(property)
  return lists.map((each) => each['items']).find((each): each is JsonObject => isObject(each))
}

function specOf(value: Json, property: JsonObject | undefined): InputSpec {
  // Null is a value to models, and none to a workflow.
  return { type: typeOf(value, property), required: value !== null, secret: false }
}

function typeOf(value: Json, property: JsonObject | undefined): InputSpec['type'] {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'string') return isFile(property) ? 'file' : 'string'
  if (typeof value === 'number') return 'number'
  return typeof value === 'boolean' ? 'boolean' : 'object'
}

export function propertyOf(schema: JsonObject | undefined, name: string): JsonObject | undefined {
  const properties = schema?.['properties']
  const property = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
  return isObject(property) ? property : undefined
}

/** Whether text in its place is a file: its URL, or (on this machine) its path. */
export function isFile(property: JsonObject | undefined): boolean {
  return property !== undefined && alternatives(property).some((each) => each['format'] === 'uri')
}

/** A text as its schema types it; without one, JSON where it is JSON, else the text. */
export function typedByJsonSchema(text: string, property: JsonObject | undefined): Json {
  if (property !== undefined && isText(property)) return text
  try {
    return JSON.parse(text) as Json
  } catch {
    return text
  }
}

/** Whether nothing but text (and null) fits. */
function isText(property: JsonObject): boolean {
  const types = alternatives(property).flatMap((each) => typesOf(each))
  return types.includes('string') && types.every((type) => type === 'string' || type === 'null')
}

function alternatives(property: JsonObject): JsonObject[] {
  const either = property['anyOf'] ?? property['oneOf']
  return Array.isArray(either) ? either.filter((each): each is JsonObject => isObject(each)) : [property]
}

/** `any`: it does not say. */
function typesOf({ type, enum: values }: JsonObject): Json[] {
  if (type !== undefined) return [type].flat()
  if (Array.isArray(values)) return values.map((value) => (value === null ? 'null' : typeof value))
  return ['any']
}
