/** What differs between two runs: what they were, what they were given, what they did and what came of it. Pure. */
import type { StepDefinition, WorkflowDefinition } from '../domain/definition.ts'
import type { ErrorData } from '../domain/errors.ts'
import { parseArtifactUri } from '../domain/file.ts'
import type { StepStatus } from '../domain/run.ts'
import { isObject, type Json, type JsonObject, jsonEqual } from '../std/json.ts'
import { type JsonChange, jsonChanges } from '../std/json-changes.ts'
import { isPlaceholder, maskedInputs, withoutSecretDefaults } from './redact.ts'
import { outputOf } from './running/scope.ts'
import { type RunState, type StepState, unspill, type WorkState } from './state.ts'

export interface ComparedRun {
  state: RunState
  definition: WorkflowDefinition
  /** Spilled values by hash. */
  loaded: ReadonlyMap<string, Json>
}

/** One side of a step that began. */
export interface StepSide {
  status: StepStatus
  attempts: number
  latency_ms: number
  cost_usd: number | null
  model?: string
  cached?: boolean
  error?: ErrorData
  reason?: string
  child_run_id?: string
  /** Of a repeat. */
  rounds?: number
  /** Of a foreach: how many items there are, and how many of each status. */
  items?: { count: number } & Partial<Record<StepStatus, number>>
}

/** What can differ in a step besides time and money, which nearly always do. */
export type StepDifference = 'definition' | 'status' | 'model' | 'items' | 'rounds' | 'output' | 'error'

export interface StepComparison {
  step: string
  /** `added`, `removed`: only one of the definitions has it. */
  change: 'same' | 'changed' | 'added' | 'removed'
  differs: StepDifference[]
  /** Absent: it did not begin. */
  a?: StepSide
  b?: StepSide
  output: JsonChange[]
}

export interface RunComparison {
  /** Nothing differs but time and money. */
  same: boolean
  definition: { same: boolean; changes: JsonChange[] }
  inputs: JsonChange[]
  outputs: JsonChange[]
  steps: StepComparison[]
}

export function compareRuns(a: ComparedRun, b: ComparedRun): RunComparison {
  const definition = compareDefinitions(a, b)
  const inputs = compareInputs(a.state.inputs, b.state.inputs)
  const outputs = valueChanges(unspill(a.state.outputs, a.loaded) ?? {}, unspill(b.state.outputs, b.loaded) ?? {})
  const steps = compareSteps(a, b)
  const parts = [inputs, outputs, steps.filter(({ change }) => change !== 'same')]
  const same = definition.same && a.state.status === b.state.status && parts.every((part) => part.length === 0)
  return { same, definition, inputs, outputs, steps }
}

/** Secret defaults may differ; then the definitions do, and no change shows it. */
function compareDefinitions(a: ComparedRun, b: ComparedRun): RunComparison['definition'] {
  const open = ({ definition }: ComparedRun) => withoutSecretDefaults(definition) as unknown as Json
  return { same: a.state.definition_hash === b.state.definition_hash, changes: jsonChanges(open(a), open(b)) }
}

/** Secret inputs are compared by their keyed hash, and shown as `***`. */
function compareInputs(a: JsonObject, b: JsonObject): JsonChange[] {
  const [openA, openB] = [maskedInputs(a), maskedInputs(b)]
  const changes = valueChanges(openA, openB)
  for (const [name, value] of Object.entries(a)) {
    const other = b[name]
    if (other === undefined || !isPlaceholder(value) || !isPlaceholder(other) || jsonEqual(value, other)) continue
    changes.push({ kind: 'changed', path: [name], before: '***', after: '***' })
  }
  return changes
}

function compareSteps(a: ComparedRun, b: ComparedRun): StepComparison[] {
  const [inA, inB] = [stepsOf(a.definition), stepsOf(b.definition)]
  // A step that a retry took out of the definition still has its history.
  const ids = new Set([...inA.keys(), ...inB.keys(), ...a.state.steps.keys(), ...b.state.steps.keys()])
  return [...ids].map((step) => {
    const [workA, workB] = [a.state.steps.get(step), b.state.steps.get(step)]
    const output = valueChanges(outputOf(workA, a.loaded), outputOf(workB, b.loaded))
    const differs = differencesOf(workA, workB, output)
    const [definitionA, definitionB] = [inA.get(step), inB.get(step)]
    if (definitionA && definitionB && !jsonEqual(definitionA as unknown as Json, definitionB as unknown as Json))
      differs.unshift('definition')
    const isAdded = !definitionA && definitionB !== undefined
    const isRemoved = !definitionB && definitionA !== undefined
    const change = isAdded ? 'added' : isRemoved ? 'removed' : differs.length > 0 ? 'changed' : 'same'
    return {
      step,
      change,
      differs,
      ...(workA && { a: sideOf(workA) }),
      ...(workB && { b: sideOf(workB) }),
      output,
    }
  })
}

function stepsOf(definition: WorkflowDefinition): Map<string, StepDefinition> {
  return new Map([...Object.entries(definition.steps), ...Object.entries(definition.finally)])
}

function differencesOf(
  a: StepState | undefined,
  b: StepState | undefined,
  output: readonly JsonChange[],
): StepDifference[] {
  if (!a && !b) return []
  if (!a || !b) return ['status']
  const [sideA, sideB] = [sideOf(a), sideOf(b)]
  const differs: Record<Exclude<StepDifference, 'definition'>, boolean> = {
    status: sideA.status !== sideB.status,
    model: sideA.model !== sideB.model,
    items: !jsonEqual(sideA.items ?? null, sideB.items ?? null),
    rounds: sideA.rounds !== sideB.rounds,
    output: output.length > 0,
    error: sideA.error?.code !== sideB.error?.code || sideA.error?.message !== sideB.error?.message,
  }
  return (Object.keys(differs) as (keyof typeof differs)[]).filter((name) => differs[name])
}

function sideOf(work: StepState): StepSide {
  const { status, attempts, latency_ms, cost_usd, model, cached, error, reason, child_run_id } = work
  const side: StepSide = { status, attempts, latency_ms, cost_usd }
  if (model !== undefined) side.model = model
  if (cached) side.cached = cached
  if (error) side.error = error
  if (reason !== undefined) side.reason = reason
  if (child_run_id !== undefined) side.child_run_id = child_run_id
  if (work.rounds.length > 0) side.rounds = work.rounds.length
  if (work.count !== undefined) side.items = { count: work.count, ...countStatuses(work.items.values()) }
  return side
}

function countStatuses(works: Iterable<WorkState>): Partial<Record<StepStatus, number>> {
  const counts: Partial<Record<StepStatus, number>> = {}
  for (const { status } of works) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

function valueChanges(a: Json, b: Json): JsonChange[] {
  return jsonChanges(a, b, sameValue)
}

/** Files are the same when their bytes are, whatever they are called. */
function sameValue(a: Json, b: Json): boolean {
  if (typeof a === 'string' && typeof b === 'string') {
    if (a === b) return true
    const [fileA, fileB] = [parseArtifactUri(a), parseArtifactUri(b)]
    return fileA !== undefined && fileA.sha256 === fileB?.sha256
  }
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => sameValue(item, b[at] as Json))
  if (!isObject(a) || !isObject(b)) return jsonEqual(a, b)
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameValue(a[key] as Json, b[key] as Json))
  )
}
