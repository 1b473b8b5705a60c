/** What an expression sees: plain data made from the state of the run. */
import { errorAsJson } from '../../domain/errors.ts'
import type { Template } from '../template.ts'
import type { Reference } from '../../expression/parse.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { Plan, PlanStep } from '../plan.ts'
import { type RunState, type StepState, unspill, type WorkState } from '../state.ts'

export type Scope = Record<string, Json>

export interface ScopeParts {
  plan: Plan
  state: RunState
  /** The real values: secrets are placeholders in the state. */
  inputs: JsonObject
  env: Record<string, string>
  loaded: ReadonlyMap<string, Json>
}

/** The scope of a step: its needs, and the bare names when there is just one. */
export function scopeOfStep(parts: ScopeParts, step: PlanStep): Scope {
  const scope = scopeOf(
    parts,
    step.needs.map((need) => need.id),
  )
  if (step.bareNeed !== undefined) {
    const need = (scope.steps as JsonObject)[step.bareNeed] as JsonObject
    for (const name of ['output', 'cost', 'cost_usd', 'latency_ms']) scope[name] = need[name] as Json
  }
  return scope
}

/** The scope of templates that may name any step: only those that they do name are put in. */
export function scopeOfTemplates(parts: ScopeParts, templates: Iterable<Template>): Scope {
  const ids = new Set<string>()
  for (const template of templates) {
    for (const reference of template.references) for (const id of namedSteps(parts.plan, reference)) ids.add(id)
  }
  return scopeOf(parts, ids)
}

function namedSteps(plan: Plan, reference: Reference): Iterable<string> {
  const [first] = reference.path
  if (reference.root === 'steps') return typeof first === 'string' ? [first] : plan.steps.keys()
  if (reference.root !== 'outputs') return []
  const step = typeof first === 'string' ? plan.outputKeys.get(first) : undefined
  return step === undefined ? plan.outputKeys.values() : [step]
}

function scopeOf(parts: ScopeParts, ids: Iterable<string>): Scope {
  const { plan, state } = parts
  const steps: JsonObject = {}
  const outputs: JsonObject = {}
  for (const id of ids) {
    const view = stepView(state.steps.get(id), parts.loaded)
    steps[id] = view
    const key = plan.steps.get(id)?.definition.output_key
    if (key !== undefined) outputs[key] = view.output as Json
  }
  const run: JsonObject = { id: state.run_id, attempt: state.attempt }
  if (state.finalising) run.status = state.finalising
  return { inputs: parts.inputs, env: parts.env, steps, outputs, run }
}

/** A step as `steps.<id>`; one that never began reads as skipped. */
function stepView(step: StepState | undefined, loaded: ReadonlyMap<string, Json>): JsonObject {
  if (!step) return { ...neverBegun }
  return {
    status: step.status,
    output: outputOf(step, loaded),
    error: step.error ? errorAsJson(step.error) : null,
    cost: step.cost_usd,
    cost_usd: step.cost_usd,
    latency_ms: step.latency_ms,
    attempts: step.attempts,
    model: step.model ?? null,
    files: filesOf(step),
  }
}

const neverBegun: JsonObject = {
  status: 'skipped',
  output: null,
  error: null,
  cost: 0,
  cost_usd: 0,
  latency_ms: 0,
  attempts: 0,
  model: null,
  files: [],
}

/** The output of a step; of a foreach the list of its items' outputs, with null where one was skipped or failed. */
export function outputOf(step: StepState | undefined, loaded: ReadonlyMap<string, Json>): Json {
  if (step?.count === undefined) return unspill(step?.output, loaded)
  if (step.status !== 'succeeded') return null
  return Array.from({ length: step.count }, (_, index) => unspill(step.items.get(index)?.output, loaded))
}

function filesOf(step: StepState | undefined): WorkState['files'] {
  if (!step) return []
  if (step.count === undefined) return step.files
  return [...step.items].sort(([a], [b]) => a - b).flatMap(([, item]) => item.files)
}
