/** A whole file as written → a definition, as far as it can be made; what does not fit together is reported. */
import { basename, extname } from 'node:path'
import { defaultRetry, type StepDefinition, type WorkflowDefinition } from '../../domain/definition.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { StepGroup } from '../planning/compile-step.ts'
import type { Loading } from '../../documents/loading.ts'
import { capOf } from '../../documents/agent/budget-spec.ts'
import { isModelName, normaliseAgents } from '../../documents/agent/normalise.ts'
import { normaliseInputs } from './normalise-inputs.ts'
import { retryOver } from '../../domain/retry-policy.ts'
import { milliseconds, writtenRetry } from '../../documents/agent/policies.ts'
import { checkFallbacks, normaliseStep, type StepSurroundings, writtenFields } from './normalise-step.ts'
import type { Path } from '../../documents/yaml-places.ts'
import { namePattern } from '../../documents/spec-fields.ts'
import type { WorkflowSpec } from '../spec.ts'
import { addUsedAgents } from './used-agents.ts'

/** The names in a file before anything faulty is taken out of it: mentioning them is no second fault. */
export interface Outline {
  steps: Record<StepGroup, ReadonlyMap<string, ReadonlySet<string>>>
  agents: ReadonlyMap<string, ReadonlySet<string>>
  inputs: ReadonlySet<string>
  env: ReadonlySet<string>
  /** `steps` is there, and empty. */
  hasNoSteps: boolean
}

export function outlineOf(data: Json): Outline {
  const top = isObject(data) ? data : {}
  const entries = (field: string) =>
    new Map(Object.entries(isObject(top[field]) ? top[field] : {}).map(([name, inner]) => [name, writtenFields(inner)]))
  const steps = entries('steps')
  return {
    steps: { steps, finally: entries('finally') },
    agents: entries('agents'),
    inputs: writtenFields(top.inputs),
    env: new Set(Array.isArray(top.env) ? top.env.map(String) : []),
    hasNoSteps: isObject(top.steps) && steps.size === 0,
  }
}

const defaultConcurrency = 8

/** `workflows` is left empty: nested files are loaded later. */
export function normalise(spec: WorkflowSpec, outline: Outline, loading: Loading): WorkflowDefinition {
  const { defaults } = spec
  if (outline.hasNoSteps)
    loading.report(['steps'], { code: 'no_steps', message: 'a workflow has at least one step', at: 'key' })
  const agents = normaliseAgents(spec.agents, outline.agents, defaults, loading)
  const isBrokenAgent = (name: string): boolean => outline.agents.has(name) && !Object.hasOwn(agents, name)
  const around = { agents, defaults, outputKeys: outputKeysIn(spec, loading), isBrokenAgent }
  checkAgents(spec, around, loading)
  const definition: WorkflowDefinition = {
    name: spec.name ?? nameOfFile(loading.file),
    env: [...new Set(spec.env ?? [])],
    inputs: normaliseInputs(spec.inputs, ['inputs'], loading),
    agents,
    steps: normaliseSteps('steps', spec, outline, around, loading),
    finally: normaliseSteps('finally', spec, outline, around, loading),
    outputs: (spec.outputs ?? {}) as JsonObject,
    max_concurrency: spec.max_concurrency ?? defaultConcurrency,
    workflows: {},
  }
  if (spec.description !== undefined) definition.description = spec.description
  if (spec.version !== undefined) definition.version = spec.version
  if (defaults?.retry) definition.retry = retryOver(defaultRetry, writtenRetry(defaults.retry))
  if (spec.timeout !== undefined) definition.timeout_ms = milliseconds(spec.timeout)
  addBudget(definition, spec, loading)
  addUsedAgents(agents, usedAgents(definition), loading.agents)
  checkAdded(definition, outline, loading)
  definition.env = [...new Set([...definition.env, ...Object.values(agents).flatMap(({ env = [] }) => env)])]
  return definition
}

function addBudget(definition: WorkflowDefinition, { budget, budget_usd }: WorkflowSpec, loading: Loading): void {
  if (budget !== undefined && budget_usd !== undefined) {
    const hint = 'leave one of them out'
    loading.report(['budget_usd'], { code: 'too_many_fields', message: '`budget` stands there, too', hint, at: 'key' })
  }
  const { soft, hard = budget_usd } = capOf(budget, ['budget'], loading.report) ?? {}
  if (hard !== undefined) definition.budget_usd = hard
  if (soft !== undefined) definition.budget_soft_usd = soft
}

/** Of agents from elsewhere, what shows only where they are used: others that they name and that there are not, or can't be used. */
function checkAdded({ agents, steps, finally: last }: WorkflowDefinition, own: Outline, loading: Loading): void {
  for (const [name, { fallback, routing }] of Object.entries(agents)) {
    if (own.agents.has(name)) continue
    const place = placeOf(name, { steps, finally: last })
    const check = (other: string, how: string, key: string): void => {
      if (own.agents.has(other)) return
      const why = Object.hasOwn(loading.unusable, other) ? loading.unusable[other] : undefined
      if (isModelName(other) || (Object.hasOwn(agents, other) && why === undefined)) return
      const what = why === undefined ? 'and there is no such agent' : `which can't be used: ${why}`
      loading.report(place, {
        code: why === undefined ? 'unknown_agent' : 'unset_variable',
        message: `agent "${name}" ${how} "${other}", ${what}`,
        hint:
          why === undefined ? `give it its \`${key}\` anew in the configuration, or define that agent here` : undefined,
      })
    }
    for (const other of fallback) check(other, 'falls back to', 'fallback')
    const judge = routing?.quality?.judge?.agent
    if (judge !== undefined) check(judge, 'is judged by', 'judge')
  }
}

/** The first step that calls an agent. */
function placeOf(name: string, groups: Record<StepGroup, Record<string, StepDefinition>>): Path {
  for (const group of ['steps', 'finally'] as const) {
    const found = Object.entries(groups[group]).find(
      ([, { action }]) => action.kind === 'agent' && action.agent === name,
    )
    if (found) return [group, found[0], 'agent']
  }
  return []
}

function nameOfFile(file: string): string {
  const stem = basename(file, extname(file)).replace(/[^A-Za-z0-9._-]+/g, '_')
  return namePattern.test(stem) ? stem : 'workflow'
}

/** The `output_key`s of all steps; a second step with the same one is reported (ruling 7). */
function outputKeysIn(spec: WorkflowSpec, loading: Loading): Set<string> {
  const owners = new Map<string, string>()
  for (const group of ['steps', 'finally'] as const) {
    for (const [id, { output_key: key }] of Object.entries(spec[group] ?? {})) {
      if (key === undefined) continue
      const owner = owners.get(key)
      if (owner === undefined) owners.set(key, id)
      else {
        const message = `step "${owner}" has the output_key "${key}" already`
        loading.report([group, id, 'output_key'], {
          code: 'duplicate_output_key',
          message,
          hint: 'two steps can not share one',
        })
      }
    }
  }
  return new Set(owners.keys())
}

function checkAgents(
  spec: WorkflowSpec,
  around: Pick<StepSurroundings, 'agents' | 'isBrokenAgent'>,
  loading: Loading,
): void {
  for (const [name, agent] of Object.entries(spec.agents ?? {})) {
    const { fallback, breaker } = agent
    if (fallback !== undefined) checkFallbacks(fallback, ['agents', name, 'fallback'], around, loading)
    const other = typeof breaker === 'object' ? breaker.fallback_agent : undefined
    if (other !== undefined) checkFallbacks(other, ['agents', name, 'breaker', 'fallback_agent'], around, loading)
  }
  const { fallback } = spec.defaults ?? {}
  if (fallback !== undefined) checkFallbacks(fallback, ['defaults', 'fallback'], around, loading)
}

function normaliseSteps(
  group: StepGroup,
  spec: WorkflowSpec,
  outline: Outline,
  around: Omit<StepSurroundings, 'written'>,
  loading: Loading,
): Record<string, StepDefinition> {
  const steps: Record<string, StepDefinition> = {}
  for (const [id, step] of Object.entries(spec[group] ?? {})) {
    if (group === 'finally' && outline.steps.steps.has(id)) {
      const message = `"${id}" is the id of a step already`
      loading.report([group, id], {
        code: 'duplicate_id',
        message,
        hint: 'steps and finally steps share their ids',
        at: 'key',
      })
      continue
    }
    const written = outline.steps[group].get(id) ?? new Set<string>()
    const made = normaliseStep(id, group, step, { ...around, written }, loading)
    if (made) steps[id] = made
  }
  return steps
}

function usedAgents(definition: WorkflowDefinition): string[] {
  const used: string[] = []
  for (const { action, fallback } of [...Object.values(definition.steps), ...Object.values(definition.finally)]) {
    if (action.kind === 'agent') used.push(action.agent)
    used.push(...fallback)
  }
  return used
}
