/** What a step's call may be answered by: its agent's candidates, the agent's fallbacks, the step's (ruling 46). */
import type { AgentDefinition, StepDefinition, WorkflowDefinition } from '../../domain/definition.ts'
import { defaultRetry, retryOver, type RetryPolicy } from '../../domain/retry-policy.ts'
import { defaultRouting } from '../../domain/routing.ts'
import type { CallSpec, Candidate, RoutePolicy } from '../../executor/contract.ts'
import { strictestPin } from '../../domain/version-pin.ts'
import { defined } from '../../std/defined.ts'
import type { JsonObject } from '../../std/json.ts'

/** The call of a step with an `agent` or `model`, given its rendered input. */
export function callSpecOf(definition: WorkflowDefinition, step: StepDefinition, input: JsonObject): CallSpec {
  const agent = step.action.kind === 'agent' ? definition.agents[step.action.agent] : undefined
  const chain = chainOf(definition, step)
  const spec: CallSpec = { chain, input, retry: retryOf(undefined, step, definition) }
  if (step.timeout_ms !== undefined) spec.timeout_ms = step.timeout_ms
  const cache = step.cache ?? agent?.cache
  if (cache) spec.cache = cache
  if (step.output_schema) spec.output_schema = step.output_schema
  const routes = routesOf(definition, step, chain)
  if (routes.size > 0) spec.routes = routes
  return spec
}

/** Each link of a chain is tried as its own agent says, and the step has the last word. */
function retryOf(agent: AgentDefinition | undefined, step: StepDefinition, { retry }: WorkflowDefinition): RetryPolicy {
  const own = agent?.retry ?? retry ?? defaultRetry
  return step.retry ? retryOver(own, step.retry) : own
}

/** Policies of the agents in a chain, where they or the step say something. */
function routesOf(
  { agents }: WorkflowDefinition,
  step: StepDefinition,
  chain: readonly Candidate[],
): Map<string, RoutePolicy> {
  const routes = new Map<string, RoutePolicy>()
  for (const name of new Set(chain.map((candidate) => candidate.name))) {
    const route = routeOf(Object.hasOwn(agents, name) ? agents[name] : undefined, step)
    if (route) routes.set(name, route)
  }
  return routes
}

function routeOf(agent: AgentDefinition | undefined, { task, qos }: StepDefinition): RoutePolicy | undefined {
  const asked = agent?.qos ?? qos
  if (!agent?.routing && !asked && task === undefined) return undefined
  const route: RoutePolicy = { routing: { ...(agent?.routing ?? defaultRouting), ...(task !== undefined && { task }) } }
  if (asked) route.qos = { ...agent?.qos, ...qos }
  return route
}

export function chainOf(definition: WorkflowDefinition, step: StepDefinition): Candidate[] {
  const chain: Candidate[] = []
  const seen = new Set<string>()
  const add = (name: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    const agent = definition.agents[name]
    if (!agent) {
      const called: Candidate = { name, target: 'replicate', model: name, deployment: false, defaults: {} }
      chain.push(withPin(called, definition))
      return
    }
    const shared = sharedOf(name, agent, step, definition)
    chain.push(...candidatesOf(agent, shared).map((candidate) => withPin(candidate, definition)))
    for (const fallback of agent.fallback) add(fallback)
  }
  if (step.action.kind === 'agent') add(step.action.agent)
  else if (step.action.kind === 'model') add(step.action.model)
  for (const fallback of step.fallback) add(fallback)
  return chain
}

type Shared = Omit<Candidate, 'model' | 'deployment'>

/** What an agent's candidates have in common. */
function sharedOf(name: string, agent: AgentDefinition, step: StepDefinition, definition: WorkflowDefinition): Shared {
  const { target, defaults, retry, timeout_ms, input_schema, price, hedge, cache, breaker, limits, bulkhead, budget } =
    agent
  // The time that a step is given is that of its agent; those that stand in for it have their own within it.
  const isOwn = step.action.kind === 'agent' && step.action.agent === name && step.timeout_ms !== undefined
  return {
    name,
    target,
    defaults,
    ...defined({
      retry: retry && retryOf(agent, step, definition),
      timeout_ms: isOwn ? undefined : timeout_ms,
      input_schema,
      price,
      hedge,
      // A step that says no says it for all of them.
      cache: step.cache === false ? undefined : cache,
      breaker,
      limits,
      bulkhead,
      budget,
    }),
  }
}

function candidatesOf({ deployment, models }: AgentDefinition, shared: Shared): Candidate[] {
  if (deployment !== undefined) return [{ ...shared, model: deployment, deployment: true }]
  return models.map((model) => ({ ...shared, model, deployment: false }))
}

/** In a run a model has one version: where agents disagree on how far it may move, the strictest is heard. */
function withPin(candidate: Candidate, { agents }: WorkflowDefinition): Candidate {
  if (candidate.target !== 'replicate' || candidate.deployment) return candidate
  const pins = Object.values(agents).flatMap(({ models, version_pin: pin }) =>
    pin !== undefined && models.includes(candidate.model) ? [pin] : [],
  )
  const version_pin = strictestPin(pins)
  return version_pin === 'latest' ? candidate : { ...candidate, version_pin }
}
