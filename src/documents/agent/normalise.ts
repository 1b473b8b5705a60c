/** Agents as written → as kept; what does not fit together is reported. */
import { type AgentDefinition, defaultRetry } from '../../domain/definition.ts'
import { retryOver } from '../../domain/retry-policy.ts'
import type { JsonObject } from '../../std/json.ts'
import { budgetOf } from './budget-spec.ts'
import { normaliseLimits } from './limits.ts'
import type { Loading } from '../loading.ts'
import { checkHedge, normaliseHedge } from './hedge-spec.ts'
import { breakerOver } from './breaker.ts'
import { agentBulkhead } from './bulkhead-spec.ts'
import { ownCache } from './cache-spec.ts'
import { milliseconds, writtenRetry } from './policies.ts'
import type { RetrySpec } from './policy-spec.ts'
import { type AgentSpec, modelPattern } from './spec.ts'
import { qosOf, routingOver } from './routing.ts'
import { defaultRouting, type RoutingPolicy } from '../../domain/routing.ts'
import { defined } from '../../std/defined.ts'
import type { Path } from '../yaml-places.ts'

/** What holds for agents that say nothing else. */
export interface AgentDefaults {
  retry?: RetrySpec | undefined
}

const kinds = ['model', 'models', 'candidates', 'deployment', 'function'] as const

export function normaliseAgents(
  specs: Record<string, AgentSpec> | undefined,
  /** What each had in the file, before faulty fields were taken out. */
  written: ReadonlyMap<string, ReadonlySet<string>>,
  defaults: AgentDefaults | undefined,
  loading: Loading,
): Record<string, AgentDefinition> {
  const agents: Record<string, AgentDefinition> = {}
  for (const [name, spec] of Object.entries(specs ?? {})) {
    checkKind(name, spec, written.get(name) ?? new Set(), ['agents', name], loading)
    agents[name] = normaliseAgent(spec, ['agents', name], defaults, loading)
  }
  return agents
}

function checkKind(name: string, spec: AgentSpec, written: ReadonlySet<string>, path: Path, loading: Loading): void {
  const [first, second] = kinds.filter((kind) => written.has(kind))
  if (first === undefined) {
    const hint = 'give it a `model: owner/name`, a `deployment` or a `function`'
    loading.report(path, { code: 'missing_field', message: `agent "${name}" has nothing to call`, hint, at: 'key' })
  } else if (spec.target !== undefined && spec.target !== targetOf(first)) {
    const message = `agent "${name}" has a \`${first}\`, whose target is ${targetOf(first)}, not ${spec.target}`
    loading.report([...path, 'target'], { code: 'contradiction', message, hint: 'leave the `target` out' })
  } else if (second !== undefined) {
    const message = `agent "${name}" has both \`${first}\` and \`${second}\``
    loading.report([...path, second], {
      code: 'too_many_fields',
      message,
      hint: 'several models are listed under `models`',
      at: 'key',
    })
  }
  const { function: called } = spec
  if (called !== undefined && loading.functions && !loading.functions.includes(called)) {
    const hint = loading.didYouMean(called, loading.functions, 'functions')
    loading.report([...path, 'function'], {
      code: 'unknown_function',
      message: `there is no function "${called}"`,
      hint,
    })
  }
}

function targetOf(kind: (typeof kinds)[number]): AgentDefinition['target'] {
  return kind === 'function' ? 'function' : 'replicate'
}

/** Undefined: nobody says anything. `under`: what the configuration says for all agents. */
export function routingOf(
  { routing }: Pick<AgentSpec, 'routing'>,
  under: RoutingPolicy | undefined,
): RoutingPolicy | undefined {
  return routing ? routingOver(under ?? defaultRouting, routing) : under
}

function normaliseAgent(
  spec: AgentSpec,
  path: Path,
  defaults: AgentDefaults | undefined,
  loading: Loading,
): AgentDefinition {
  const { deployment, description, retry, timeout, cache, price, qos, breaker, limits, budget } = spec
  const definition: AgentDefinition = {
    target: spec.function === undefined ? 'replicate' : 'function',
    models: deployment === undefined ? modelsOf(spec) : [],
    defaults: (spec.defaults ?? {}) as JsonObject,
    fallback: fallbackOf(spec),
    ...defined({
      deployment,
      description,
      tags: spec.tags && [...new Set(spec.tags)],
      input_schema: spec.input_schema as JsonObject | undefined,
      retry: retry && retryOver(retryOver(defaultRetry, writtenRetry(defaults?.retry ?? {})), writtenRetry(retry)),
      timeout_ms: timeout === undefined ? undefined : milliseconds(timeout),
      cache: ownCache(cache, [...path, 'cache'], loading.report),
      hedge: spec.hedge && normaliseHedge(spec.hedge),
      breaker: breakerOver(loading.breaker, breaker),
      price: price && defined(price),
      routing: routingOf(spec, loading.routing),
      qos: qos && qosOf(qos),
      limits: limits && normaliseLimits(limits, [...path, 'limits'], loading.report),
      bulkhead: agentBulkhead(spec, path, loading.report),
      budget: budget && budgetOf(budget, [...path, 'budget'], loading.report),
      version_pin: spec.version_pin,
    }),
  }
  const byDefault = () => retryOver(defaultRetry, writtenRetry(defaults?.retry ?? {}))
  checkHedge(definition, definition.retry ?? byDefault(), path, loading.report)
  return definition
}

/** One chain (ruling 46): what the breaker names is tried like any other fallback. */
function fallbackOf({ fallback, breaker }: AgentSpec): string[] {
  const named = listOf(fallback)
  const other = typeof breaker === 'object' ? breaker.fallback_agent : undefined
  return other === undefined || named.includes(other) ? named : [...named, other]
}

function modelsOf({ function: called, models, candidates, model }: AgentSpec): string[] {
  if (called !== undefined) return [called]
  return models ?? candidates ?? (model === undefined ? [] : [model])
}

export function listOf(written: string | string[] | undefined): string[] {
  if (written === undefined) return []
  return typeof written === 'string' ? [written] : written
}

/** Whether a name in a fallback list means a model rather than an agent. */
export function isModelName(name: string): boolean {
  return modelPattern.test(name)
}

export function checkFallback(
  name: string,
  agents: Readonly<Record<string, AgentDefinition>>,
  path: Path,
  loading: Loading,
): void {
  if (isModelName(name) || Object.hasOwn(agents, name)) return
  if (Object.hasOwn(loading.agents, name)) return checkUsable(name, path, loading)
  const known = [...Object.keys(agents), ...Object.keys(loading.agents)]
  const hint = loading.didYouMean(name, known, 'agents')
  loading.report(path, { code: 'unknown_agent', message: `there is no agent "${name}"`, hint })
}

/** Of an agent from elsewhere. */
export function checkUsable(name: string, path: Path, loading: Loading): void {
  const why = Object.hasOwn(loading.unusable, name) ? loading.unusable[name] : undefined
  if (why !== undefined)
    loading.report(path, { code: 'unset_variable', message: `agent "${name}" can't be used: ${why}` })
}
