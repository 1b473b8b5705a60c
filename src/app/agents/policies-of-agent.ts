/** Every policy of an agent as it holds, named as in YAML, each with where it is written. */
import { policyAsWritten } from '../../documents/agent/breaker.ts'
import { type AgentDefinition, type CachePolicy, defaultRetry } from '../../domain/definition.ts'
import { type Bulkhead, type CallLimits, perMinuteOf } from '../../domain/rate-limit.ts'
import type { HedgePolicy } from '../../domain/hedge.ts'
import type { Backoff, RetryPolicy } from '../../domain/retry-policy.ts'
import { defaultRouting } from '../../domain/routing.ts'
import { defined } from '../../std/defined.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { App } from '../app.ts'
import type { Place, WrittenAgent } from './written-agent.ts'

export interface HeldPolicy {
  /** `retry.attempts` */
  key: string
  value: Json
  /** Absent: it is the default. */
  place?: Place
}

export async function policiesOfAgent(
  app: Pick<App, 'config'>,
  definition: AgentDefinition,
  written: WrittenAgent | undefined,
): Promise<HeldPolicy[]> {
  const config = await app.config()
  const isMapping = (section: string) =>
    policies.some(({ path }) => path[0] === section && path.length > 1 && written?.placeOf(...path)) ||
    (section === 'breaker' && written?.placeOf('breaker', 'fallback_agent') !== undefined)
  const placeOf = (path: string[]): Place | undefined => {
    const own = aliasesOf(path, isMapping).flatMap((each) => written?.placeOf(...each) ?? [])[0]
    const section = path[0]
    if (own || (section !== 'routing' && section !== 'breaker')) return own
    const general = config.spec[section]
    const origin = general !== undefined && config.originOf(path)
    return origin && (general === true || hasPath(general, path.slice(1)))
      ? { file: origin.layer.file, line: origin.line }
      : undefined
  }
  // With one candidate there is nothing to choose.
  const isRouted = definition.models.length > 1 || written?.placeOf('routing') !== undefined
  const policies = flattened(asWritten(definition, isRouted), [])
  return policies.map(({ path, value }) => {
    const place = placeOf(path)
    return { key: path.join('.'), value, ...(place && { place }) }
  })
}

/** As it would be written out in full. */
function asWritten(definition: AgentDefinition, isRouted: boolean): JsonObject {
  const { timeout_ms, cache, breaker, fallback, qos, limits, bulkhead, budget, version_pin = 'latest' } = definition
  const held = {
    timeout: timeout_ms === undefined ? null : durationText(timeout_ms),
    fallback,
    retry: retryAsWritten(definition.retry ?? defaultRetry),
    cache: cache ? cacheAsWritten(cache) : false,
    hedge: definition.hedge ? hedgeAsWritten(definition.hedge) : null,
    breaker: breaker ? { ...policyAsWritten(breaker), slow_call_seconds: secondsOf(breaker.slow_call_ms) } : false,
    limits: limitsAsWritten(limits),
    bulkhead: bulkheadAsWritten(bulkhead),
    budget: budget ?? null,
    ...(isRouted && { routing: definition.routing ?? defaultRouting }),
    qos: qos ?? null,
    version_pin,
  }
  return JSON.parse(JSON.stringify(held)) as JsonObject
}

function limitsAsWritten(limits: CallLimits | undefined): JsonObject | null {
  if (!limits) return null
  const { rate, tokens, usd } = limits
  return {
    requests_per_minute: rate ? perMinuteOf(rate) : null,
    ...(rate && { burst: rate.burst }),
    tokens_per_minute: tokens ? perMinuteOf(tokens) : null,
    usd_per_minute: usd ? perMinuteOf(usd) : null,
  }
}

function bulkheadAsWritten(bulkhead: Bulkhead | undefined): JsonObject | null {
  if (!bulkhead) return null
  const { max_concurrent, max_queue, queue_timeout_ms } = bulkhead
  const queue_timeout = queue_timeout_ms === undefined ? null : durationText(queue_timeout_ms)
  return { max_concurrent, max_queue: max_queue ?? null, queue_timeout }
}

function cacheAsWritten({ policy = 'lru', ttl_ms, max_entries, max_bytes }: CachePolicy): JsonObject {
  const ttl = ttl_ms === undefined ? null : durationText(ttl_ms)
  return { policy, ttl, max_entries: max_entries ?? null, max_bytes: max_bytes ?? null }
}

function retryAsWritten({ on, by_class = {}, attempt_timeout_ms: timeout, budget, ...backoff }: RetryPolicy) {
  const classes = Object.entries(by_class).map(([name, own]) => [name, backoffAsWritten(own)])
  return {
    ...backoffAsWritten(backoff),
    on,
    ...(classes.length > 0 && { by_class: Object.fromEntries(classes) as JsonObject }),
    budget: budget ? { ...budget } : false,
    attempt_timeout: timeout === undefined ? null : durationText(timeout),
  }
}

function backoffAsWritten({ attempts, base_delay_ms: base, max_delay_ms: max, jitter }: Partial<Backoff>) {
  return defined({
    attempts,
    base_delay: base === undefined ? undefined : durationText(base),
    max_delay: max === undefined ? undefined : durationText(max),
    jitter,
  })
}

function hedgeAsWritten({ after, max }: HedgePolicy): JsonObject {
  return { after: 'ms' in after ? durationText(after.ms) : `p${after.percentile}`, max }
}

function secondsOf(ms: number | undefined): number | null {
  return ms === undefined ? null : ms / 1_000
}

function durationText(ms: number): string {
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`
}

/** Lists, and what stands for itself, are values; so is how quality is scored. */
function flattened(value: JsonObject, path: string[]): { path: string[]; value: Json }[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = [...path, key]
    return isObject(inner) && key !== 'quality' ? flattened(inner, at) : [{ path: at, value: inner }]
  })
}

/** `breaker: true` and the like stand for all that is below them, `breaker.fallback_agent` for `fallback`. */
function aliasesOf(path: string[], isMapping: (section: string) => boolean): string[][] {
  const [first = '', second] = path
  if (first === 'fallback') return [path, ['breaker', 'fallback_agent']]
  if (first === 'bulkhead' && second === 'max_concurrent') return [path, ['limits', 'max_concurrency']]
  return second !== undefined && (first === 'cache' || first === 'breaker') && !isMapping(first)
    ? [path, [first]]
    : [path]
}

function hasPath(value: unknown, path: readonly string[]): boolean {
  const [first, ...rest] = path
  if (first === undefined) return value !== undefined
  return isObject(value) && Object.hasOwn(value, first) && hasPath(value[first], rest)
}
