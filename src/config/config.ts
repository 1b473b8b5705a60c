/** The configuration as it holds: its layers put over each other, and where each value came from. */
import type { BudgetSettings } from '../domain/budget.ts'
import type { AgentDefinition } from '../domain/definition.ts'
import { ConfigurationError, type ReplicateAgentError } from '../domain/errors.ts'
import { type Problem, ProblemsError } from '../domain/problem.ts'
import { dirname, resolve } from 'node:path'
import { routingOf } from '../documents/agent/normalise.ts'
import type { Report } from '../documents/loading.ts'
import { milliseconds } from '../documents/agent/policies.ts'
import { breakerOver } from '../documents/agent/breaker.ts'
import { routingOver } from '../documents/agent/routing.ts'
import type { AgentSpec } from '../documents/agent/spec.ts'
import type { BreakerPolicy } from '../domain/breaker.ts'
import { defaultRouting, type RoutingPolicy } from '../domain/routing.ts'
import { pathText } from '../documents/path-text.ts'
import type { Path } from '../documents/yaml-places.ts'
import { defined } from '../std/defined.ts'
import { isObject } from '../std/json.ts'
import type { Env, Scope } from './discover.ts'
import { type AuditSettings, auditSettings } from './audit.ts'
import { isLate, keyOf, type Layer, type Unset } from './layer.ts'
import { budgetSettings } from './budgets.ts'
import { checkLimits } from './limits.ts'
import { type PriceSheet, sheetOf } from './prices/sheet.ts'
import type { ConfigSpec } from './schema.ts'
import { isSecretName } from './secrets.ts'

export interface ConfigParts {
  /** Lowest first. */
  layers: readonly Layer[]
  files: readonly { file: string; scope: Scope }[]
  /** What paths are relative to that stand in no file. */
  cwd: string
  /** What the environment says, over what `.env` says. */
  env: Env
  envFile?: { file: string; lineOf(name: string): number | undefined; names: ReadonlySet<string> }
  /** Why files could not be read at all. */
  failures?: readonly Failure[]
}

export interface Failure {
  file: string
  error: ReplicateAgentError
}

export type StoreSettings = NonNullable<ConfigSpec['store']>

/** Where a value is written. */
export interface Origin {
  layer: Layer
  line: number
  column: number
}

export interface Config extends Required<Omit<ConfigParts, 'envFile'>>, Pick<ConfigParts, 'envFile'> {
  /** As written, of all layers; `${NAME}` filled in but for the `defaults` of agents. */
  spec: ConfigSpec
  agents: Readonly<Record<string, AgentDefinition>>
  /** How agents route that say nothing else; absent: `defaultRouting`. */
  routing?: RoutingPolicy
  /** The circuit breaker of agents that say nothing else; absent: they have none. */
  breaker?: BreakerPolicy
  /** Circuit breakers of whole providers. */
  providerBreakers: Readonly<Record<string, BreakerPolicy>>
  /** The strongest first. */
  prices: readonly PriceSheet[]
  /** Paths are absolute. */
  store: StoreSettings
  /** How long what was read of a model holds. */
  discoveryTtlMs: number
  audit: AuditSettings
  /** What all calls may cost; absent: nothing is said. */
  budgets?: BudgetSettings
  /** Values of variables that have the name of a secret, of `.env` and of those that the files name. */
  secrets: readonly string[]
  /** Errors and warnings of every layer. */
  problems: readonly Problem[]
  /** Agents that can't be used, for a variable in them is not set, and why. */
  unusable: Readonly<Record<string, string>>
  /** Of the values that hold. */
  unset: readonly Unset[]
  /** The layer that a value holds from; undefined where no layer says anything. */
  layerOf(path: Path): Layer | undefined
  originOf(path: Path): Origin | undefined
  /** Throws what keeps the values at and below a path from being used: errors of any layer, and unset variables there. */
  use(...path: Path): void
}

export const defaultDiscoveryTtl = '24h'

/** Agents and prices are taken as a whole from the layer that says them last. */
const wholeAt: ReadonlySet<string> = new Set(['agents', 'prices'])
const hardwarePrices = keyOf(['prices', 'hardware'])

export function createConfig(parts: ConfigParts): Config {
  const { layers, files, cwd, failures = [] } = parts
  const owners = new Map<string, Layer>()
  const spec: Record<string, unknown> = {}
  for (const layer of layers) merge(spec, layer.spec, [], layer)
  const unset = layers.flatMap((layer) => layer.unset.filter(({ path }) => (layerOf(path) ?? layer) === layer))
  const written = spec as ConfigSpec
  const problems = layers.flatMap((layer) => layer.problems)
  // What is right in each layer may not fit together.
  const report: Report = (path, parts) => {
    const owner = layerOf(path)
    if (owner) problems.push(owner.places.problem(path, parts))
  }
  checkLimits(written.limits ?? {}, report)
  const budgets = budgetSettings(written.budgets, report)
  const routing = written.routing && routingOver(defaultRouting, written.routing)
  const breaker = breakerOver(undefined, written.breaker)
  const agents = Object.fromEntries(
    Object.keys(written.agents ?? {}).flatMap((name) => {
      const agent = layerOf(['agents', name])?.agents[name]
      return agent ? [[name, withGeneral(agent, written.agents?.[name])]] : []
    }),
  )

  const unusable: Record<string, string> = {}
  for (const one of unset) {
    const [section, name] = one.path
    if (section === 'agents' && !isLate(one.path)) unusable[String(name)] = unsetText(one)
  }

  return {
    ...parts,
    ...{
      failures,
      secrets: secretsIn(parts),
      spec: written,
      agents,
      prices: layers.toReversed().flatMap(pricesOf),
      problems,
      unset,
      unusable,
      ...defined({ routing, breaker, budgets }),
      providerBreakers: providerBreakers(),
      layerOf,
      originOf,
      use,
    },
    store: storeSettings(),
    discoveryTtlMs: milliseconds(written.discovery?.ttl ?? defaultDiscoveryTtl),
    audit: auditSettings(written.audit),
  }

  /** What holds for all agents may stand in another layer than the agent. */
  function withGeneral({ breaker: _, ...agent }: AgentDefinition, own: AgentSpec = {}): AgentDefinition {
    return {
      ...agent,
      ...defined({ routing: routingOf(own, routing), breaker: breakerOver(breaker, own.breaker) }),
    }
  }

  function providerBreakers(): Record<string, BreakerPolicy> {
    const own = Object.entries(written.providers ?? {}).map(([name, provider]) => [
      name,
      breakerOver(undefined, provider?.breaker),
    ])
    return defined(Object.fromEntries(own) as Record<string, BreakerPolicy>)
  }

  /** A path is relative to the file that it is written in (ruling 8). */
  function storeSettings(): StoreSettings {
    const { home, url, ...rest } = written.store ?? {}
    const settings: StoreSettings = { ...rest }
    if (home !== undefined) settings.home = resolve(folderOf(['store', 'home']), home)
    const file = /^sqlite:(?!\/)(.+)$/s.exec(url ?? '')?.[1]
    if (url !== undefined)
      settings.url = file === undefined ? url : `sqlite:${resolve(folderOf(['store', 'url']), file)}`
    return settings
  }

  function folderOf(path: Path): string {
    const layer = layerOf(path)
    return layer && files.some(({ file }) => file === layer.file) ? dirname(layer.file) : cwd
  }

  function merge(into: Record<string, unknown>, from: Record<string, unknown>, path: Path, layer: Layer): void {
    for (const [key, value] of Object.entries(from)) {
      const at = [...path, key]
      const before = into[key]
      const isWhole = path.length === 1 && wholeAt.has(String(path[0])) && keyOf(at) !== hardwarePrices
      if (isObject(value) && !isWhole) {
        const inner = isObject(before) ? before : {}
        into[key] = inner
        merge(inner, value, at, layer)
      } else {
        into[key] = value
        owners.set(keyOf(at), layer)
      }
    }
  }

  function layerOf(path: Path): Layer | undefined {
    for (let length = path.length; length > 0; length -= 1) {
      const owner = owners.get(keyOf(path.slice(0, length)))
      if (owner) return owner
    }
    return undefined
  }

  function originOf(path: Path): Origin | undefined {
    const layer = layerOf(path)
    if (!layer) return undefined
    const { line, column } = layer.places.problem(path, { code: 'place', message: '' })
    return { layer, line, column }
  }

  function use(...path: Path): void {
    const [failure] = failures
    if (failure) throw failure.error
    if (problems.some(({ severity }) => severity === 'error')) throw new ProblemsError('invalid_config', problems)
    const missing = path.length > 0 && unset.find((one) => path.every((key, at) => one.path[at] === key))
    if (missing) throw unsetError(missing)
  }

  function unsetText({ path, name }: Unset): string {
    const layer = layers.find((one) => one.unset.some((each) => each.path === path))
    const place = layer?.places.problem(path, { code: 'unset_variable', message: '' })
    const where = place ? ` (${place.file}:${place.line}:${place.column})` : ''
    return `\`${pathText('', path)}\` needs ${name}, which is not set${where}`
  }

  function unsetError(one: Unset): ConfigurationError {
    return new ConfigurationError('missing_secret', unsetText(one), {
      hint: `set ${one.name} in the environment or in .env, or write a default: \${${one.name}:-…}`,
    })
  }
}

function secretsIn({ layers, env, envFile }: ConfigParts): string[] {
  const names = new Set([
    ...(envFile?.names ?? []),
    ...layers.flatMap(({ variables }) => [...variables.values()].flat()),
  ])
  return [...names].flatMap((name) => (isSecretName(name) && env[name] ? [env[name]] : []))
}

function pricesOf({ spec, scope, file, places }: Layer): PriceSheet[] {
  if (!spec.prices) return []
  const lineOf = (path: readonly string[]) =>
    places.problem(['prices', ...path], { code: 'place', message: '', at: 'key' }).line
  return [sheetOf(spec.prices, scope === 'user' ? 'user' : 'project', file, lineOf)]
}
