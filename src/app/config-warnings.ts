/** What is odd about a configuration, and may be meant: it stops nothing. */
import { isModelName } from '../documents/agent/normalise.ts'
import { unreadBreakerKeys } from '../documents/agent/breaker.ts'
import type { BreakerSpec } from '../documents/agent/breaker-spec.ts'
import { contentCascade, unreadKeys } from '../documents/agent/routing.ts'
import type { Path, ProblemParts } from '../documents/yaml-places.ts'
import type { Config } from '../config/config.ts'
import { misnamedFile } from '../config/discover.ts'
import { createPriceBook } from '../config/prices/book.ts'
import type { Problem } from '../domain/problem.ts'
import { defaultRouting } from '../domain/routing.ts'
import { suggest } from '../std/suggest.ts'
import type { App } from './app.ts'

export async function configWarnings(config: Config, app: App): Promise<Problem[]> {
  const problems: Problem[] = []
  const warn = (path: Path, parts: ProblemParts): void => {
    const layer = config.layerOf(path) ?? config.layers[0]
    if (layer) problems.push(layer.places.problem(path, { ...parts, severity: 'warning' }))
  }
  const misnamed = config.files.some(({ scope }) => scope === 'named') ? undefined : await misnamedFile(config.cwd)
  if (misnamed !== undefined) {
    const message = `${misnamed} is not read`
    const hint = `rename it: mv ${misnamed} ${misnamed.replace(/ml$/, 'aml')}`
    problems.push({ file: misnamed, line: 1, column: 1, code: 'misnamed_file', severity: 'warning', message, hint })
  }
  for (const { path, name } of config.unset) {
    const hint = `set it in the environment or in .env, or write a default: \${${name}:-…}`
    warn(path, { code: 'unset_variable', message: `${name} is not set`, hint })
  }
  for (const [name, agent] of Object.entries(config.agents)) {
    const isList = Array.isArray(config.spec.agents?.[name]?.fallback)
    for (const [index, other] of agent.fallback.entries())
      warnOfUnknown(config, other, ['agents', name, 'fallback', ...(isList ? [index] : [])], warn)
    const judge = agent.routing?.quality?.judge?.agent
    if (judge !== undefined) warnOfUnknown(config, judge, judgePath(config, name), warn)
    await warnOfPrices(config, name, app, warn)
  }
  warnOfRouting(config, warn)
  warnOfBreakers(config, warn)
  return problems
}

type Warn = (path: Path, parts: ProblemParts) => void

function warnOfUnknown(config: Config, other: string, path: Path, warn: Warn): void {
  if (isModelName(other) || Object.hasOwn(config.agents, other)) return
  const near = suggest(other, Object.keys(config.agents))
  warn(path, {
    code: 'unknown_agent',
    message: `there is no agent "${other}" in the configuration`,
    hint: near === undefined ? 'only a workflow that has one of this name can use it' : `did you mean \`${near}\`?`,
  })
}

/** Keys that no strategy here reads change nothing. */
function warnOfRouting({ spec, agents, routing }: Config, warn: Warn): void {
  const hint = 'leave it out, or name another `strategy`'
  for (const [name, { routing: held }] of Object.entries(agents)) {
    const unread = unreadKeys(spec.agents?.[name]?.routing ?? {}, [held?.strategy ?? defaultRouting.strategy])
    for (const { key, why } of unread)
      warn(['agents', name, 'routing', key], { code: 'unread_key', message: why, hint, at: 'key' })
    const content = contentCascade(held)
    if (content) warn(['agents', name], { ...content, at: 'key' })
  }
  const own = Object.values(spec.agents ?? {}).flatMap((agent) => agent.routing?.strategy ?? [])
  const general = (routing ?? defaultRouting).strategy
  for (const { key, why } of unreadKeys(spec.routing ?? {}, [...new Set([general, ...own])]))
    warn(['routing', key], { code: 'unread_key', message: why, hint, at: 'key' })
}

/** So do keys of breakers that no criterion here reads. */
function warnOfBreakers({ spec, agents, breaker, providerBreakers }: Config, warn: Warn): void {
  const tell = (path: Path, unread: ReturnType<typeof unreadBreakerKeys>) => {
    for (const { key, why, hint } of unread) warn([...path, key], { code: 'unread_key', message: why, hint, at: 'key' })
  }
  for (const [name, { breaker: held }] of Object.entries(agents))
    if (held) tell(['agents', name, 'breaker'], unreadBreakerKeys(spec.agents?.[name]?.breaker, [held.criterion], held))
  const criteria = Object.values(agents).flatMap(({ breaker: held }) => held?.criterion ?? [])
  if (breaker) tell(['breaker'], unreadBreakerKeys(spec.breaker, [...new Set([breaker.criterion, ...criteria])]))
  for (const [name, held] of Object.entries(providerBreakers)) {
    const { breaker: own } = (spec.providers as Record<string, { breaker?: BreakerSpec }>)[name] ?? {}
    tell(['providers', name, 'breaker'], unreadBreakerKeys(own, [held.criterion], held))
  }
}

/** The quality of all agents may be said for all of them. */
function judgePath({ spec }: Config, name: string): Path {
  const own = spec.agents?.[name]?.routing?.quality
  const path = own ? ['agents', name, 'routing', 'quality', 'judge'] : ['routing', 'quality', 'judge']
  return typeof (own ?? spec.routing?.quality)?.judge === 'object' ? [...path, 'agent'] : path
}

/** Under a cap on cost, a candidate whose price nobody knows can't be chosen. */
async function warnOfPrices(config: Config, name: string, app: App, warn: Warn): Promise<void> {
  const agent = config.agents[name]
  if (agent?.qos?.cost_cap_usd === undefined || agent.target !== 'replicate') return
  // Those of a wrong configuration are told of, not used.
  const book = await app.prices().catch(() => createPriceBook(config.prices))
  for (const model of agent.models) {
    if (agent.price ?? book.find({ model })?.rates) continue
    warn(['agents', name, 'qos', 'cost_cap_usd'], {
      code: 'unknown_price',
      message: `the price of ${model} is not known, which a cap on cost needs`,
      hint: `write it under \`prices:\`, as in \`${model.split(':')[0]}: {usd_per_call: 0.01}\``,
    })
  }
}
