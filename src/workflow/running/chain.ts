/** What a step's call may be answered by: its agent's candidates, the agent's fallbacks, the step's (ruling 46). */
import {
  type AgentDefinition,
  defaultRetry,
  type StepDefinition,
  type WorkflowDefinition,
} from '../../domain/definition.ts'
import { defaultRouting } from '../../domain/routing.ts'
import type { CallSpec, Candidate, RoutePolicy } from '../../executor/contract.ts'
import { strictestPin } from '../../domain/version-pin.ts'
import type { JsonObject } from '../../std/json.ts'

/** The call of a step with an `agent` or `model`, given its rendered input. */
export function callSpecOf(definition: WorkflowDefinition, step: StepDefinition, input: JsonObject): CallSpec {
  const agent = step.action.kind === 'agent' ? definition.agents[step.action.agent] : undefined
  const chain = chainOf(definition, step)
  const spec: CallSpec = { chain, input, retry: step.retry ?? agent?.retry ?? defaultRetry }
  const timeout = step.timeout_ms ?? agent?.timeout_ms
  if (timeout !== undefined) spec.timeout_ms = timeout
  const cache = step.cache ?? agent?.cache
  if (cache) spec.cache = cache
  if (step.output_schema) spec.output_schema = step.output_schema
  const routes = routesOf(definition, step, chain)
  if (routes.size > 0) spec.routes = routes
  return spec
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
    chain.push(...candidatesOf(name, agent).map((candidate) => withPin(candidate, definition)))
    for (const fallback of agent.fallback) add(fallback)
  }
  if (step.action.kind === 'agent') add(step.action.agent)
  else if (step.action.kind === 'model') add(step.action.model)
  for (const fallback of step.fallback) add(fallback)
  return chain
}

function candidatesOf(name: string, agent: AgentDefinition): Candidate[] {
  const shared = {
    name,
    target: agent.target,
    defaults: agent.defaults,
    ...(agent.input_schema && { input_schema: agent.input_schema }),
    ...(agent.price && { price: agent.price }),
    ...(agent.breaker && { breaker: agent.breaker }),
    ...(agent.limits && { limits: agent.limits }),
  }
  if (agent.deployment !== undefined) return [{ ...shared, model: agent.deployment, deployment: true }]
  return agent.models.map((model) => ({ ...shared, model, deployment: false }))
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
