/** One source of the configuration, read: a file, or what a program gives in its place. */
import type { AgentDefinition } from '../domain/definition.ts'
import type { Problem } from '../domain/problem.ts'
import { normaliseAgents } from '../documents/agent/normalise.ts'
import { type DocumentKind, readDocument, typesAt } from '../documents/document.ts'
import { startLoading } from '../documents/loading.ts'
import { fillVariables, type Lookup, variablesIn, withVariables } from '../documents/variables.ts'
import type { Path, Places } from '../documents/yaml-places.ts'
import { readYaml } from '../documents/yaml.ts'
import { isObject, type Json, type JsonObject } from '../std/json.ts'
import { type ConfigSpec, configSpec } from './schema.ts'

/** How a source came to be read. `given`: by the program, in place of files; `sdk`: agents of the program. */
export type LayerScope = 'user' | 'project' | 'named' | 'given' | 'sdk'

/** A value that can't be told, for a variable of it is not set. */
export interface Unset {
  path: Path
  name: string
}

export interface Layer {
  /** The file, or what stands for one in messages. */
  file: string
  scope: LayerScope
  /** What of it is good. Texts with variables are filled in, but for the `defaults` of agents. */
  spec: ConfigSpec
  agents: Readonly<Record<string, AgentDefinition>>
  places: Places
  problems: Problem[]
  unset: Unset[]
  /** Names of the variables in a value, by `keyOf` its path. */
  variables: ReadonlyMap<string, readonly string[]>
}

/** In no key, for no file may hold it. */
export const separator = '\u0000'

/** A path as one text. */
export function keyOf(path: Path): string {
  return path.join(separator)
}

const configDocument: DocumentKind<ConfigSpec> = {
  schema: configSpec,
  what: 'a configuration',
  mend: () => false,
  hint: ({ path: [first] }) =>
    first === undefined ? `it has the sections ${Object.keys(configSpec.shape).join(', ')}` : undefined,
}

export function readLayer(text: string, file: string, scope: LayerScope, lookup: Lookup): Layer {
  const { data: read, places, problems } = readYaml(text, file)
  // A file in which everything is commented out says nothing, which is fine.
  const isEmpty = problems.length === 1 && problems[0]?.code === 'empty_file'
  const data = isEmpty ? {} : read
  const loading = startLoading(file, places, {})
  const layer: Layer = {
    ...{ file, scope, places, problems: loading.problems, spec: {}, agents: {} },
    ...{ unset: [], variables: new Map() },
  }
  if (!isEmpty) loading.problems.push(...problems)
  if (data === null && !isEmpty && problems.length > 0) return layer
  // Before anything faulty is taken out of them.
  const written = new Map(
    Object.entries(sectionOf(data, 'agents')).map(([name, agent]) => [name, new Set(Object.keys(asObject(agent)))]),
  )
  const filled = fill(data, layer, lookup)
  const { value: spec = {}, problems: faults } = readDocument(configDocument, filled, places, loading.suggest)
  loading.problems.push(...faults)
  const agents = normaliseAgents(spec.agents, written, undefined, loading)
  bindVariables(agents, layer)
  loading.problems.sort((a, b) => a.line - b.line || a.column - b.column)
  return { ...layer, spec, agents }
}

/** Says which variables the defaults of agents wait for; where there are none, only escapes are left to be undone. */
function bindVariables(agents: Readonly<Record<string, AgentDefinition>>, { variables }: Layer): void {
  const named = new Map<string, Set<string>>()
  for (const [key, names] of variables) {
    const path = key.split(separator)
    if (!isLate(path)) continue
    const [, agent = ''] = path
    const known = named.get(agent) ?? new Set()
    named.set(agent, known)
    for (const name of names) known.add(name)
  }
  for (const [name, agent] of Object.entries(agents)) {
    const names = named.get(name)
    if (names) agent.env = [...names].toSorted()
    else
      agent.defaults = fillVariables(
        agent.defaults,
        () => undefined,
        () => {},
      ) as JsonObject
  }
}

function sectionOf(data: Json, name: string): Record<string, unknown> {
  return asObject(asObject(data)[name])
}

function asObject(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

/** The data with its variables' values; what can't be told is taken out of it, and listed in the layer. */
function fill(data: Json, layer: Layer, lookup: Lookup): Json {
  const variables = layer.variables as Map<string, readonly string[]>
  const filled = fillAt(data, [])
  return filled === undefined ? {} : filled

  function fillAt(value: Json, path: Path): Json | undefined {
    if (typeof value === 'string') return fillText(value, path)
    if (Array.isArray(value)) {
      const items = value.map((item, index) => fillAt(item, [...path, index]))
      // Without one of its items, a list would say something else.
      return items.includes(undefined) ? undefined : (items as Json[])
    }
    if (!isObject(value)) return value
    const fields = Object.entries(value).map(([key, inner]) => [key, fillAt(inner, [...path, key])] as const)
    return Object.fromEntries(fields.filter((field): field is [string, Json] => field[1] !== undefined))
  }

  function fillText(text: string, path: Path): Json | undefined {
    const { variables: found, fault } = variablesIn(text)
    if (fault) {
      const { offset: at, message, hint } = fault
      layer.problems.push(layer.places.problem(path, { code: 'bad_variable', message, hint, at }))
      return undefined
    }
    if (found.length > 0) {
      const names = found.map(({ name }) => name)
      variables.set(keyOf(path), names)
    }
    const missing = found.find(({ name, otherwise }) => otherwise === undefined && lookup(name) === undefined)
    if (missing) layer.unset.push({ path, name: missing.name })
    // They are filled in when the agent is called, and so never stand in the copy that a run keeps.
    if (isLate(path)) return text
    const value = withVariables(text, lookup)
    return found.length === 0 || value === undefined ? value : asWanted(value, path)
  }
}

/** Whether a value is part of the `defaults` of an agent. */
export function isLate([section, , field]: Path): boolean {
  return section === 'agents' && field === 'defaults'
}

/** The environment has only texts: where a number or true or false is wanted, that is what is read. */
function asWanted(text: string, path: Path): Json {
  const wanted = typesAt(configSpec, path)
  if (wanted.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true'
  const isNumber = wanted.includes('number') && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text.trim())
  return isNumber ? Number(text) : text
}
