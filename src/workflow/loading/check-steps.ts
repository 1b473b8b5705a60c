/** Checks the expressions of a definition against what they may read, and the graph that they and `needs` make. */
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { checkExpression, type CheckResult } from '../../expression/check.ts'
import { truthy } from '../../expression/evaluate.ts'
import type { Expression, ExpressionProblem } from '../../expression/parse.ts'
import { anyType, numberType, stringType, type ValueType } from '../../expression/value-type.ts'
import { checkChildInput } from './check-child-input.ts'
import { checkGraph } from './check-graph.ts'
import { bareNames, checkReference, type KnownNames, type Standpoint } from './check-references.ts'
import {
  type CompiledStep,
  compileStep,
  outputKeysOf,
  type PartExpression,
  type StepOutcome,
  type StepPart,
} from '../planning/compile-step.ts'
import type { Loading } from '../../documents/loading.ts'
import type { Outline } from './normalise.ts'
import { needsOf } from '../plan.ts'
import { anyStep, closedObject, inputsType, outputType, stepType, templateType, workType } from './infer-type.ts'
import { parseTemplate, type PlacedExpression, type Template } from '../template.ts'
import type { Path, ProblemParts } from '../../documents/yaml-places.ts'

export interface CheckedSteps {
  compiled: CompiledStep[]
  outputs: Map<string, Template>
  /** `output_key` → step. */
  outputKeys: ReadonlyMap<string, string>
}

interface Checking {
  definition: WorkflowDefinition
  loading: Loading
  known: KnownNames
  /** Ids that status functions may name, by the group that asks. */
  stepIds: Record<'steps' | 'finally', readonly string[]>
  /** The types of names that mean the same everywhere. */
  inputs: ValueType
  env: ValueType
  run: ValueType
  /** `output_key`s of faulty steps are known too. */
  outputs: ValueType
  /** What is known of steps so far: they are checked in the order of their needs. */
  steps: Map<string, ValueType>
  /** Input maps, as written: argument → output key. */
  inputMaps: ReadonlyMap<string, ReadonlySet<string>>
}

/** Reports everything that is wrong with expressions and needs; what could be compiled is given back. */
export function checkSteps(
  definition: WorkflowDefinition,
  outline: Outline,
  inputMaps: ReadonlyMap<string, ReadonlySet<string>>,
  loading: Loading,
): CheckedSteps {
  const outputKeys = outputKeysOf([definition.steps, definition.finally])
  const checking = startChecking(definition, outline, outputKeys, inputMaps, loading)
  const outcomes = new Map<string, StepOutcome>()
  for (const group of ['steps', 'finally'] as const) {
    for (const [id, step] of Object.entries(definition[group]))
      outcomes.set(id, compileStep(id, group, step, outputKeys))
  }
  const compiled = [...outcomes.values()].map((outcome) => outcome.step)
  const constantlyFalse = new Set<string>()
  const order = checkGraph(compiled, checking.known, loading)
  for (const id of order.sequence) checkStep(outcomes.get(id) as StepOutcome, checking, constantlyFalse)
  order.reportUnreachable(constantlyFalse)
  return { compiled, outputs: checkOutputs(checking), outputKeys }
}

function startChecking(
  definition: WorkflowDefinition,
  outline: Outline,
  outputKeys: ReadonlyMap<string, string>,
  inputMaps: ReadonlyMap<string, ReadonlySet<string>>,
  loading: Loading,
): Checking {
  const group = new Map<string, 'steps' | 'finally'>()
  for (const id of outline.steps.steps.keys()) group.set(id, 'steps')
  for (const id of outline.steps.finally.keys()) if (!group.has(id)) group.set(id, 'finally')
  const known: KnownNames = { group, outputKeys, inputs: outline.inputs, env: outline.env }
  const inputs = inputsType(definition.inputs) as ValueType & { kind: 'object' }
  for (const name of outline.inputs) if (!Object.hasOwn(inputs.fields, name)) inputs.fields[name] = anyType
  const ownIds = [...group.keys()].filter((id) => group.get(id) === 'steps')
  return {
    definition,
    loading,
    known,
    stepIds: { steps: ownIds, finally: [...group.keys()] },
    inputs,
    env: closedObject(Object.fromEntries([...outline.env].map((name) => [name, stringType]))),
    run: closedObject({ id: stringType, attempt: numberType }),
    outputs: closedObject(Object.fromEntries([...outputKeys.keys()].map((key) => [key, anyType]))),
    steps: new Map(),
    inputMaps,
  }
}

function checkStep(outcome: StepOutcome, checking: Checking, constantlyFalse: Set<string>): void {
  const { step, problems, expressions } = outcome
  const { definition } = step
  for (const { problem, part, path, offset, inKey } of problems) {
    report(checking, problem, pathOf(step, part, path, checking), inKey ? 'key' : offset + problem.start.offset)
  }
  const types = new Map<Expression, ValueType>()
  const needs = needsOf(step).map((need) => need.id)
  // What `until` reads depends on what the rest gives, what `item` is depends on the list.
  const partOrder: StepPart[] = ['foreach.in', 'condition', 'input', 'value', 'approval', 'repeat.until']
  const sorted = expressions.toSorted((a, b) => partOrder.indexOf(a.part) - partOrder.indexOf(b.part))
  let item: ValueType | undefined
  for (const placed of sorted) {
    if (definition.foreach && placed.part !== 'foreach.in') item ??= itemType(step, types)
    const local = localNames(step, placed.part, needs, item ?? anyType, types, checking)
    const result = checkPlaced(placed, step, needs, local, checking)
    types.set(placed.expression, result.type)
    checkConstant(placed, step, result, checking, constantlyFalse)
  }
  checkList(step, types, checking)
  const work = workType(definition, step.value ? templateType(step.value, types) : anyType, checking.definition)
  checking.steps.set(step.id, stepType(outputType(definition, work, step.condition?.perItem ?? false)))
  checkChildInput(step, types, checking.definition, checking.loading)
}

function itemType(step: CompiledStep, types: ReadonlyMap<Expression, ValueType>): ValueType {
  const list = step.foreachIn ? templateType(step.foreachIn, types) : anyType
  return list.kind === 'array' ? list.items : anyType
}

function checkList(step: CompiledStep, types: ReadonlyMap<Expression, ValueType>, { loading }: Checking): void {
  if (!step.foreachIn) return
  const { source } = step.foreachIn
  const { kind } = templateType(step.foreachIn, types)
  // What is no list and holds no expression was complained of before.
  if (kind === 'array' || kind === 'any' || typeof source !== 'string' || !source.includes('${{')) return
  const hint =
    kind === 'string' && step.foreachIn.root.kind === 'text'
      ? 'let `${{ }}` stand alone in the string'
      : 'values() and split() make lists'
  loading.report([step.group, step.id, 'foreach', 'in'], {
    code: 'wrong_type',
    message: `\`in\` must give a list, but gives ${article(kind)}`,
    hint,
  })
}

function article(kind: string): string {
  return kind === 'null' ? 'null' : `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`
}

/** Names whose meaning depends on the step, and on the field within it. */
function localNames(
  step: CompiledStep,
  part: StepPart,
  needs: readonly string[],
  item: ValueType,
  types: ReadonlyMap<Expression, ValueType>,
  checking: Checking,
): Record<string, ValueType> {
  const { definition } = step
  const names: Record<string, ValueType> = {}
  const of = needs.length === 1 ? (checking.steps.get(needs[0] as string) ?? anyStep) : anyStep
  for (const name of bareNames) names[name] = of.kind === 'object' ? (of.fields[name] ?? anyType) : anyType
  if (definition.foreach && part !== 'foreach.in')
    Object.assign(names, { item, index: numberType, [definition.foreach.as]: item })
  if (definition.repeat && part !== 'condition' && part !== 'foreach.in') names.previous = anyType
  if (part === 'repeat.until') {
    names.output = workType(definition, step.value ? templateType(step.value, types) : anyType, checking.definition)
    Object.assign(names, { cost: anyType, cost_usd: anyType, latency_ms: numberType })
  }
  return names
}

function checkPlaced(
  placed: PartExpression,
  step: CompiledStep,
  needs: readonly string[],
  local: Record<string, ValueType>,
  checking: Checking,
): CheckResult {
  const { expression, part, path } = placed
  const { id, group, definition } = step
  const where = pathOf(step, part, path, checking)
  const run =
    group === 'finally' ? closedObject({ id: stringType, attempt: numberType, status: stringType }) : checking.run
  const names = namesFor(
    expression,
    { id, group, part, definition, needs },
    { ...local, run },
    where,
    placed.offset,
    checking,
  )
  const statusFunctions = part === 'condition' ? { steps: checking.stepIds[group] } : (false as const)
  const result = checkExpression(expression, { names, statusFunctions })
  for (const problem of result.problems) report(checking, problem, where, placed.offset + problem.start.offset)
  if (result.statusCalls.some((call) => call.step === id)) {
    checking.loading.report(where, {
      code: 'cycle',
      message: `step \`${id}\` asks for its own status`,
      hint: 'a step can not wait for itself',
    })
  }
  if (placed.inText && result.type.kind === 'null') {
    const message = 'null can not be put into a text'
    checking.loading.report(where, {
      code: 'null_in_text',
      message,
      hint: 'leave the expression out',
      at: placed.offset,
    })
  }
  return result
}

/** The names for one expression. Those that don't exist are reported here, and then let pass. */
function namesFor(
  expression: Expression,
  at: Standpoint,
  local: Record<string, ValueType>,
  where: Path,
  offset: number,
  checking: Checking,
): Record<string, ValueType> {
  const { known, loading } = checking
  const steps: Record<string, ValueType> = {}
  const names: Record<string, ValueType> = {
    inputs: checking.inputs,
    env: checking.env,
    outputs: checking.outputs,
    ...local,
  }
  for (const reference of expression.references) {
    const fault = checkReference(reference, at, known, loading)
    if (fault) loading.report(where, { ...fault, at: offset + reference.start.offset })
    const [first] = reference.path
    if (reference.root === 'steps' && typeof first === 'string')
      steps[first] = fault ? anyType : (checking.steps.get(first) ?? anyStep)
    else if (fault) names[reference.root] = anyType
  }
  return { ...names, steps: names.steps ?? closedObject(steps) }
}

/** A constant condition is a warning; one that is false keeps the step, and what needs it, from ever running. */
function checkConstant(
  placed: PartExpression,
  step: CompiledStep,
  result: CheckResult,
  checking: Checking,
  constantlyFalse: Set<string>,
): void {
  const { part } = placed
  if ((part !== 'condition' && part !== 'repeat.until') || !result.constant) return
  const always = truthy(result.constant.value)
  if (part === 'condition' && !always) constantlyFalse.add(step.id)
  const message = `${part === 'condition' ? 'this condition' : '`until`'} is always ${always}`
  const hint = part === 'condition' && always ? 'leave it out' : undefined
  checking.loading.report(pathOf(step, part, [], checking), {
    code: 'constant_condition',
    severity: 'warning',
    message,
    hint,
    at: placed.offset,
  })
}

function checkOutputs(checking: Checking): Map<string, Template> {
  const { definition, known } = checking
  const outputs = new Map<string, Template>()
  const steps: Record<string, ValueType> = {}
  for (const id of known.group.keys()) steps[id] = checking.steps.get(id) ?? anyStep
  const run = closedObject({ id: stringType, attempt: numberType, status: stringType })
  for (const [name, value] of Object.entries(definition.outputs)) {
    const { template, problems } = parseTemplate(value, `outputs.${name}`)
    outputs.set(name, template)
    for (const { problem, path, offset, inKey } of problems) {
      report(checking, problem, ['outputs', name, ...path], inKey ? 'key' : offset + problem.start.offset)
    }
    for (const placed of template.expressions)
      checkOutput(placed, ['outputs', name, ...placed.path], steps, run, checking)
  }
  return outputs
}

function checkOutput(
  placed: PlacedExpression,
  where: Path,
  steps: Record<string, ValueType>,
  run: ValueType,
  checking: Checking,
): void {
  const dynamic = placed.expression.references.some(({ root, path }) => root === 'steps' && typeof path[0] !== 'string')
  const local: Record<string, ValueType> = dynamic ? { run, steps: closedObject(steps) } : { run }
  const names = namesFor(placed.expression, { part: 'outputs' }, local, where, placed.offset, checking)
  const result = checkExpression(placed.expression, { names, statusFunctions: false })
  for (const problem of result.problems) report(checking, problem, where, placed.offset + problem.start.offset)
}

function report(
  { loading }: Checking,
  { code, message, hint, severity }: ExpressionProblem,
  path: Path,
  at: ProblemParts['at'] & {},
): void {
  loading.report(path, { code, message, hint, severity, at })
}

/** Where a part of a step is written in the file. */
function pathOf(step: CompiledStep, part: StepPart, path: Path, { inputMaps, loading }: Checking): Path {
  const base: Path = [step.group, step.id]
  switch (part) {
    case 'input': {
      const mapped = inputMaps.get(step.id)?.has(String(path[0])) ?? false
      return mapped ? [...base, 'input_map', path[0] as string] : [...base, 'input', ...path]
    }
    case 'value':
      return [...base, 'value', ...path]
    case 'approval':
      return loading.places.has([...base, 'approval', 'message'])
        ? [...base, 'approval', 'message']
        : [...base, 'approval']
    case 'condition':
      return [...base, 'condition']
    case 'foreach.in':
      return [...base, 'foreach', 'in', ...path]
    case 'repeat.until':
      return [...base, 'repeat', 'until']
  }
}
