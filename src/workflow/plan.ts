/** The plan: a checked, immutable DAG with everything compiled. The same definition always gives the same plan. */
import type { InputSpec, WorkflowDefinition } from '../domain/definition.ts'
import { NonRetryableError } from '../domain/errors.ts'
import { hashJson } from '../std/hash.ts'
import type { Json } from '../std/json.ts'
import { type CompiledStep, compileStep, outputKeysOf, type StepGroup } from './planning/compile-step.ts'
import { compileQuality, type CompiledQuality, judgeWorkflow } from './planning/quality.ts'
import { type Layers, layersOf, type NeedsGraph, ranksOf } from './planning/graph.ts'
import { compileTemplate, type Template } from './template.ts'

export interface Need {
  id: string
  /** Not declared under `needs`, but mentioned by an expression. */
  implied: boolean
  /** The field that mentions an implied one first: `input`, `condition`, `foreach.in`, … */
  via?: string
}

export interface PlanStep extends CompiledStep {
  readonly needs: readonly Need[]
  /** Steps of either group that need this one. */
  readonly dependents: readonly string[]
  /** Within the step's group; 0: no needs in it. */
  readonly level: number
  /** Longest path to a step that nothing needs, in hops, itself included: the scheduler's priority. */
  readonly rank: number
  /** The one need that the bare names `output`, `cost`, `cost_usd`, `latency_ms` mean. */
  readonly bareNeed: string | undefined
}

export interface Plan {
  readonly definition: WorkflowDefinition
  readonly hash: string
  /** Steps and finally steps, in the order of the definition. */
  readonly steps: ReadonlyMap<string, PlanStep>
  /** Ids of `steps` (not `finally`) by level. */
  readonly levels: readonly (readonly string[])[]
  readonly outputs: ReadonlyMap<string, Template>
  /** `output_key` → step. */
  readonly outputKeys: ReadonlyMap<string, string>
  /** The plan of a nested workflow, by the reference that steps use; also of the one that asks an agent's judge. */
  child(ref: string): Plan
  /** How answers of an agent are scored; undefined: they are not. */
  quality(agent: string): CompiledQuality | undefined
}

/** Plans a definition that the loader has found to be good. Throws `invalid_workflow` or ExpressionError when it is not. */
export function planOf(definition: WorkflowDefinition): Plan {
  const outputKeys = outputKeysOf([definition.steps, definition.finally])
  const steps: CompiledStep[] = []
  for (const group of ['steps', 'finally'] as const) {
    for (const [id, step] of Object.entries(definition[group])) {
      const { step: compiled, problems } = compileStep(id, group, step, outputKeys)
      const [first] = problems
      if (first)
        throw new NonRetryableError('invalid_workflow', `step "${id}", ${first.part}: ${first.problem.message}`)
      steps.push(compiled)
    }
  }
  const outputs = new Map(
    Object.entries(definition.outputs).map(([name, value]) => [name, compileTemplate(value, `outputs.${name}`)]),
  )
  return assemblePlan(definition, steps, outputs, outputKeys)
}

/** Puts compiled steps together. Throws `invalid_workflow` for a cycle or an unknown need. */
export function assemblePlan(
  definition: WorkflowDefinition,
  compiled: readonly CompiledStep[],
  outputs: ReadonlyMap<string, Template>,
  outputKeys: ReadonlyMap<string, string>,
): Plan {
  const groupOf = new Map(compiled.map((step) => [step.id, step.group]))
  const needs = new Map(compiled.map((step) => [step.id, needsOf(step)]))
  const dependents = new Map<string, string[]>(compiled.map((step) => [step.id, []]))
  for (const [id, list] of needs) {
    for (const need of list) {
      const others = dependents.get(need.id)
      if (!others)
        throw new NonRetryableError('invalid_workflow', `step "${id}" needs "${need.id}", which is not defined`)
      others.push(id)
    }
  }
  const shape = new Map<string, { level: number; rank: number }>()
  for (const group of ['steps', 'finally'] as const) shapeOf(compiled, needs, groupOf, group, shape)
  const steps = new Map<string, PlanStep>()
  const levels: string[][] = []
  for (const step of compiled) {
    const { level, rank } = shape.get(step.id) as { level: number; rank: number }
    const own = needs.get(step.id) as Need[]
    steps.set(step.id, {
      ...step,
      needs: own,
      dependents: dependents.get(step.id) ?? [],
      level,
      rank,
      bareNeed: bareNeedOf(own),
    })
    if (step.group === 'steps') (levels[level] ??= []).push(step.id)
  }
  const children = new Map<string, Plan>()
  const qualities = new Map<string, CompiledQuality | undefined>()
  let hash: string | undefined
  return {
    definition,
    get hash() {
      return (hash ??= hashDefinition(definition))
    },
    steps,
    levels,
    outputs,
    outputKeys,
    child(ref) {
      const known = children.get(ref)
      if (known) return known
      const own = Object.hasOwn(definition.workflows, ref) ? definition.workflows[ref] : undefined
      const nested = own ?? judgeWorkflow(definition.agents, ref)
      if (!nested)
        throw new NonRetryableError('invalid_workflow', `"${definition.name}" holds no nested workflow "${ref}"`)
      const plan = planOf(nested)
      children.set(ref, plan)
      return plan
    },
    quality(agent) {
      if (!qualities.has(agent)) qualities.set(agent, qualityOf(definition, agent))
      return qualities.get(agent)
    },
  }
}

function qualityOf({ agents }: WorkflowDefinition, agent: string): CompiledQuality | undefined {
  const policy = Object.hasOwn(agents, agent) ? agents[agent]?.routing?.quality : undefined
  if (!policy) return undefined
  const { quality, problems } = compileQuality(policy)
  const [first] = problems
  if (first) throw new NonRetryableError('invalid_workflow', `quality of agent "${agent}": ${first.problem.message}`)
  return quality
}

/** Declared needs, then those that expressions imply, each once. */
export function needsOf(step: Pick<CompiledStep, 'definition' | 'mentions'>): Need[] {
  const needs = new Map<string, Need>()
  for (const id of step.definition.needs) needs.set(id, { id, implied: false })
  for (const { id, via } of step.mentions) if (!needs.has(id)) needs.set(id, { id, implied: true, via })
  return [...needs.values()]
}

function bareNeedOf(needs: readonly Need[]): string | undefined {
  return needs.length === 1 ? needs[0]?.id : undefined
}

/** The needs among the steps of one group, as numbers. */
export function groupGraph(ids: readonly string[], needs: (id: string) => readonly { id: string }[]): NeedsGraph {
  const number = new Map(ids.map((id, at) => [id, at]))
  return ids.map((id) => needs(id).flatMap((need) => number.get(need.id) ?? []))
}

function shapeOf(
  compiled: readonly CompiledStep[],
  needs: ReadonlyMap<string, readonly Need[]>,
  groupOf: ReadonlyMap<string, StepGroup>,
  group: StepGroup,
  shape: Map<string, { level: number; rank: number }>,
): void {
  const ids = compiled.filter((step) => groupOf.get(step.id) === group).map((step) => step.id)
  const graph = groupGraph(ids, (id) => needs.get(id) ?? [])
  const layers: Layers = layersOf(graph)
  if (layers.order.length < ids.length) {
    const stuck = ids.filter((_id, at) => layers.level[at] === -1)
    throw new NonRetryableError('invalid_workflow', `the needs of "${stuck[0]}" go round in a cycle`)
  }
  const ranks = ranksOf(graph, layers.order)
  for (const [at, id] of ids.entries()) shape.set(id, { level: layers.level[at] as number, rank: ranks[at] as number })
}

/**
 * Equal definitions, equal hashes. Of the default of a `file` input only the file's name counts, so that the
 * hash is the same wherever the folder lies.
 */
export function hashDefinition(definition: WorkflowDefinition): string {
  return hashJson(portable(definition) as unknown as Json)
}

function portable(definition: WorkflowDefinition): WorkflowDefinition {
  return {
    ...definition,
    inputs: mapValues(definition.inputs, portableInput),
    workflows: mapValues(definition.workflows, portable),
  }
}

function portableInput(spec: InputSpec): InputSpec {
  if ((spec.type !== 'file' && spec.type !== 'files') || spec.default === undefined) return spec
  return { ...spec, default: Array.isArray(spec.default) ? spec.default.map(lastPart) : lastPart(spec.default) }
}

function lastPart(path: Json): Json {
  if (typeof path !== 'string') return path
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}
