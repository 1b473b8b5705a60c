/** A step's templates and expressions, compiled, with the steps that they mention. */
import type { StepDefinition } from '../../domain/definition.ts'
import type { Expression, Reference } from '../../expression/parse.ts'
import type { Json } from '../../std/json.ts'
import { parseBareExpression, type StatusCall, statusCallsOf } from './bare-expression.ts'
import { parseTemplate, type PlacedExpression, type PlacedProblem, type Template } from '../template.ts'

/** The fields of a step that can mention other steps. */
export type StepPart = 'input' | 'value' | 'approval' | 'condition' | 'foreach.in' | 'repeat.until'

export type StepGroup = 'steps' | 'finally'

export interface StepCondition {
  expression: Expression
  statusCalls: readonly StatusCall[]
  /** A status function takes the place of the implicit gate (ruling 11). */
  replacesGate: boolean
  /** It names the item or index of a foreach, so it is judged for each (ruling 12). */
  perItem: boolean
}

/** A step that is mentioned, and the field that first does so. */
export interface Mention {
  id: string
  via: StepPart
}

export interface CompiledStep {
  id: string
  group: StepGroup
  definition: StepDefinition
  condition: StepCondition | undefined
  input: Template
  value: Template | undefined
  message: Template | undefined
  foreachIn: Template | undefined
  until: Expression | undefined
  /** Each step once, in the order of the fields; unknown ids too. */
  mentions: readonly Mention[]
}

export interface PartProblem extends PlacedProblem {
  part: StepPart
}

export interface PartExpression extends PlacedExpression {
  part: StepPart
}

export interface StepOutcome {
  step: CompiledStep
  problems: readonly PartProblem[]
  expressions: readonly PartExpression[]
}

const emptyInput = parseTemplate({}, 'input').template

/** Compiles what can be read; what can't is left out and named in `problems`. */
export function compileStep(
  id: string,
  group: StepGroup,
  definition: StepDefinition,
  outputKeys: ReadonlyMap<string, string>,
): StepOutcome {
  const { action, foreach, repeat } = definition
  const problems: PartProblem[] = []
  const expressions: PartExpression[] = []
  const input = Object.keys(definition.input).length === 0 ? emptyInput : template('input', definition.input)
  const value = action.kind === 'value' ? template('value', action.value) : undefined
  const message = action.kind === 'approval' ? template('approval', action.approval.message) : undefined
  const judged = bare('condition', definition.condition)
  const condition = judged && conditionOf(judged, foreach?.as)
  const foreachIn = foreach && template('foreach.in', foreach.in)
  const until = bare('repeat.until', repeat?.until)
  const mentions = mentionsOf(expressions, condition?.statusCalls ?? [], outputKeys)
  const step = { id, group, definition, condition, input, value, message, foreachIn, until, mentions }
  return { step, problems, expressions }

  function template(part: StepPart, source: Json): Template {
    const outcome = parseTemplate(source, part)
    for (const problem of outcome.problems) problems.push({ ...problem, part })
    for (const expression of outcome.template.expressions) expressions.push({ ...expression, part })
    return outcome.template
  }

  function bare(part: StepPart, text: string | undefined): Expression | undefined {
    if (text === undefined) return undefined
    const outcome = parseBareExpression(text)
    if (outcome.ok) {
      expressions.push({ expression: outcome.expression, path: [], offset: outcome.offset, inText: false, part })
      return outcome.expression
    }
    for (const problem of outcome.problems) problems.push({ problem, path: [], offset: outcome.offset, part })
    return undefined
  }
}

function conditionOf(expression: Expression, as: string | undefined): StepCondition {
  const statusCalls = statusCallsOf(expression)
  const perItem =
    as !== undefined && expression.references.some(({ root }) => root === 'item' || root === 'index' || root === as)
  return { expression, statusCalls, replacesGate: statusCalls.length > 0, perItem }
}

function mentionsOf(
  expressions: readonly PartExpression[],
  calls: readonly StatusCall[],
  outputKeys: ReadonlyMap<string, string>,
): Mention[] {
  const mentions = new Map<string, Mention>()
  const add = (id: string | undefined, via: StepPart): void => {
    if (id !== undefined && !mentions.has(id)) mentions.set(id, { id, via })
  }
  for (const { expression, part } of expressions) {
    for (const reference of expression.references) add(stepOf(reference, outputKeys), part)
  }
  for (const call of calls) add(call.step, 'condition')
  return [...mentions.values()]
}

/** The step that a reference reads, where it is known without evaluating it. */
function stepOf({ root, path }: Reference, outputKeys: ReadonlyMap<string, string>): string | undefined {
  const [first] = path
  if (typeof first !== 'string') return undefined
  if (root === 'steps') return first
  return root === 'outputs' ? outputKeys.get(first) : undefined
}

/** `output_key` → step, over steps and finally steps; the first one wins (the loader refuses a second). */
export function outputKeysOf(groups: readonly Readonly<Record<string, StepDefinition>>[]): Map<string, string> {
  const keys = new Map<string, string>()
  for (const steps of groups) {
    for (const [id, { output_key: key }] of Object.entries(steps))
      if (key !== undefined && !keys.has(key)) keys.set(key, id)
  }
  return keys
}
