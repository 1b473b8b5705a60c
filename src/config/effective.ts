/** Every value of the configuration as it holds, with where it came from; secrets are masked. */
import { defaultCacheSettings } from './cache.ts'
import { defaultRouting } from '../domain/routing.ts'
import { perMinuteOf } from '../domain/rate-limit.ts'
import type { Path } from '../documents/yaml-places.ts'
import { defined } from '../std/defined.ts'
import { isObject, type Json } from '../std/json.ts'
import { defaultRetention } from './audit.ts'
import { type Config, defaultDiscoveryTtl } from './config.ts'
import { isLate, keyOf, type Layer, separator } from './layer.ts'
import { configuredLimits } from './limits.ts'
import { isSecretName, masked, withoutPassword } from './secrets.ts'

export type Source =
  | { kind: 'default' }
  /** Given for this very call: `--store`, say. */
  | { kind: 'option' }
  | { kind: 'environment'; name: string }
  | { kind: 'env_file'; name: string; file: string; line?: number }
  | { kind: 'file'; file: string; line: number; column: number; variables?: string[] }
  | { kind: 'program' }

export interface EffectiveValue {
  /** As in `limits.replicate.burst`. */
  key: string
  value: Json
  source: Source
  /** Of a lower layer: another value holds. */
  overridden?: boolean
}

/** What holds outside of files. */
export interface Surroundings {
  home: string
  storeUrl: string
  durability: string
  maxAgeDays: number
  /** Keys that this call gives a value itself. */
  given: ReadonlySet<string>
}

/** `all`: what other layers override is listed, too. */
export function effectiveValues(config: Config, around: Surroundings, all: boolean): EffectiveValue[] {
  const values: EffectiveValue[] = []
  const written = new Set<string>()
  const { home, url } = config.store
  const absolute = new Map(Object.entries(defined({ 'store.home': home, 'store.url': url })))
  for (const layer of config.layers) {
    leavesOf(layer.spec as Json, [], (path, read) => {
      const overridden = config.layerOf(path) !== layer || isReplaced(config, layer, path)
      if (overridden && !all) return
      const key = named(path)
      // A path is told as it holds, not as it is written.
      const value = overridden ? read : (absolute.get(key) ?? read)
      if (!overridden) written.add(key)
      values.push({
        ...{ key, value: shown(value, path, layer, config), source: sourceIn(layer, path) },
        ...(overridden && { overridden }),
      })
    })
  }
  const whole = [...values, ...outside(config, around, written, values)]
  return whole.filter(({ overridden }) => all || !overridden).toSorted((a, b) => order(a.key, b.key))
}

/** By section, and within it by name. */
function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

/** Of agents and prices the whole stands in one layer, though another has fields that it has not. */
function isReplaced(config: Config, layer: Layer, path: Path): boolean {
  const [section, name] = path
  return (section === 'agents' || section === 'prices') && config.layerOf([section, String(name)]) !== layer
}

function named(path: Path): string {
  return path.map((part) => (/[.\s]/.test(String(part)) ? JSON.stringify(part) : String(part))).join('.')
}

/** Values are told down to the fields of agents and prices; below them, and in lists, they are one. */
const deepest = 3

function leavesOf(value: Json, path: Path, tell: (path: Path, value: Json) => void): void {
  if (!isObject(value) || path.length === deepest || Object.keys(value).length === 0) {
    if (path.length > 0 && value !== undefined) tell(path, value)
    return
  }
  for (const [key, inner] of Object.entries(value)) leavesOf(inner, [...path, key], tell)
}

const known = new WeakMap<Layer, Map<string, string[]>>()

/** The variables in and below each path that is told. */
function variablesAt(layer: Layer): ReadonlyMap<string, string[]> {
  const all = known.get(layer) ?? new Map<string, string[]>()
  if (known.has(layer)) return all
  known.set(layer, all)
  for (const [key, names] of layer.variables) {
    const path = key.split(separator)
    for (let length = 2; length <= Math.min(path.length, deepest); length += 1) {
      const at = keyOf(path.slice(0, length))
      const here = all.get(at) ?? []
      all.set(at, here)
      here.push(...names)
    }
  }
  return all
}

function sourceIn(layer: Layer, path: Path): Source {
  if (layer.scope === 'given' || layer.scope === 'sdk') return { kind: 'program' }
  const { line, column } = layer.places.problem(path, { code: 'place', message: '' })
  const variables = variablesAt(layer).get(keyOf(path)) ?? []
  return { kind: 'file', file: layer.file, line, column, ...(variables.length > 0 && { variables }) }
}

/** A value without what is secret in it: by its name, by the variable that it came from, or because it is from `.env`. */
function shown(value: Json, path: Path, layer: Layer, config: Config): Json {
  if (Array.isArray(value)) return value.map((item, index) => shown(item, [...path, index], layer, config))
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, shown(inner, [...path, key], layer, config)]),
    )
  }
  const variables = layer.variables.get(keyOf(path)) ?? []
  // Their variables are filled in when the agent is called: only the names stand there.
  if (isLate(path) && variables.length > 0) return value
  const isSecret =
    variables.some((name) => isSecretName(name) || config.envFile?.names.has(name)) ||
    (typeof value === 'string' && isSecretName(String(path.at(-1))))
  if (isSecret) return masked
  return typeof value === 'string' ? withoutPassword(value) : value
}

/** What the environment, this call and the program itself say. */
function outside(
  config: Config,
  around: Surroundings,
  written: ReadonlySet<string>,
  below: EffectiveValue[],
): EffectiveValue[] {
  const told: EffectiveValue[] = []
  const tell = (key: string, value: Json, variable?: string): void => {
    const source = around.given.has(key) ? ({ kind: 'option' } as const) : fromEnvironment(config, variable)
    if (!source && written.has(key)) return
    for (const one of below) if (one.key === key) one.overridden = true
    told.push({ key, value, source: source ?? { kind: 'default' } })
  }
  tell('store.home', around.home, 'REPLICATE_AGENT_HOME')
  tell('store.url', withoutPassword(around.storeUrl))
  tell('store.durability', around.durability)
  for (const [key, value] of Object.entries(defaultCacheSettings)) tell(`cache.${key}`, value)
  tell('discovery.ttl', defaultDiscoveryTtl)
  const { enabled, keep, redact, required } = config.audit
  tell('audit.enabled', enabled)
  tell('audit.keep', [...keep])
  tell('audit.redact', [...redact])
  tell('audit.required', required)
  tell('audit.retention', defaultRetention)
  const { rate, requests } = configuredLimits(config.spec.limits ?? {}, true).replicate
  tell('limits.replicate.creates_per_minute', rate ? perMinuteOf(rate) : null)
  tell('limits.replicate.burst', rate?.burst ?? null)
  tell('limits.replicate.requests_per_minute', requests ? perMinuteOf(requests) : null)
  tell('prices.max_age_days', around.maxAgeDays)
  leavesOf((config.routing ?? defaultRouting) as unknown as Json, ['routing'], (path, value) =>
    tell(named(path), value),
  )
  if (config.spec.breaker === undefined) tell('breaker', false)
  for (const name of [
    'REPLICATE_API_TOKEN',
    'REPLICATE_BASE_URL',
    'REPLICATE_AGENT_PRICES',
    'REPLICATE_AGENT_CONFIG',
  ]) {
    const value = config.env[name]
    const source = fromEnvironment(config, name)
    if (value && source)
      told.push({ key: `environment.${name}`, value: isSecretName(name) ? masked : withoutPassword(value), source })
  }
  return told
}

function fromEnvironment(config: Config, name: string | undefined): Source | undefined {
  if (name === undefined || !config.env[name]) return undefined
  const { envFile } = config
  if (!envFile?.names.has(name)) return { kind: 'environment', name }
  const line = envFile.lineOf(name)
  return { kind: 'env_file', name, file: envFile.file, ...(line !== undefined && { line }) }
}
