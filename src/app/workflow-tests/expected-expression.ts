/** Expressions over the result of a run, and over what its calls were sent, that a test expects to be true. */
import { NonRetryableError } from '../../domain/errors.ts'
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { checkExpression } from '../../expression/check.ts'
import { evaluateExpression, truthy } from '../../expression/evaluate.ts'
import { ExpressionError } from '../../expression/expression-error.ts'
import type { Expression, ExpressionProblem } from '../../expression/parse.ts'
import { anyType, listOf, numberType, stringType, type ValueType } from '../../expression/value-type.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { WorkflowNames } from './workflow-names.ts'
import { parseBareExpression } from '../../workflow/planning/bare-expression.ts'

export interface FoundProblem {
  code: string
  message: string
  hint?: string | undefined
  /** Into the text. */
  offset: number
}

/** What is wrong with it, given the steps and outputs that the workflow has. */
export function checkExpectedExpression(
  text: string,
  definition: WorkflowDefinition,
  { callers }: Pick<WorkflowNames, 'callers'>,
): FoundProblem[] {
  const outcome = parseBareExpression(text)
  const calls = object(Object.fromEntries(callers.map((step) => [step, listOf(anyType)])))
  const names = { ...namesOfResult(definition), calls }
  const problems = outcome.ok
    ? checkExpression(outcome.expression, { names, statusFunctions: false }).problems
    : outcome.problems
  return problems
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message, hint, start }: ExpressionProblem) => ({
      code,
      message,
      hint,
      offset: outcome.offset + start.offset,
    }))
}

const object = (fields: Record<string, ValueType>): ValueType => ({ kind: 'object', fields, open: false })

function namesOfResult(definition: WorkflowDefinition): Record<string, ValueType> {
  const ids = [...Object.keys(definition.steps), ...Object.keys(definition.finally)]
  const step = object({
    ...{ status: stringType, output: anyType, error: anyType, reason: anyType, attempts: numberType },
    ...{ latency_ms: numberType, cost_usd: anyType, model: anyType, cached: anyType, files: anyType },
    ...{ child_run_id: anyType, items: anyType },
  })
  return {
    ...{ run_id: stringType, workflow: stringType, status: stringType, waiting_for: anyType, interrupted: anyType },
    outputs: object(Object.fromEntries(Object.keys(definition.outputs).map((name) => [name, anyType]))),
    ...{ cost_usd: anyType, duration_ms: numberType, error: anyType },
    steps: object(Object.fromEntries(ids.map((id) => [id, step]))),
  }
}

export type Truth =
  | { holds: true }
  /** What the expression reads, with what was there. */
  | { holds: false; value: Json; read: { name: string; value: Json | undefined }[] }
  | { holds: false; broken: string; hint: string | undefined }

export function evaluateExpected(text: string, scope: JsonObject, now: number): Truth {
  const outcome = parseBareExpression(text)
  if (!outcome.ok) throw new NonRetryableError('internal', 'an expectation was not checked before it was evaluated')
  try {
    const value = evaluateExpression(outcome.expression, scope, { now })
    if (truthy(value)) return { holds: true }
    return { holds: false, value, read: readBy(outcome.expression, scope) }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    return { holds: false, broken: error.message, hint: error.hint }
  }
}

function readBy(expression: Expression, scope: JsonObject): { name: string; value: Json | undefined }[] {
  const read = new Map<string, Json | undefined>()
  for (const { root, path, start, end } of expression.references)
    read.set(expression.source.slice(start.offset, end.offset), valueAt(scope, [root, ...path]))
  return [...read].map(([name, value]) => ({ name, value }))
}

function valueAt(scope: JsonObject, path: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = scope
  for (const step of path) {
    if (Array.isArray(value)) value = value.at(Number(step))
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step] as Json
    else return undefined
  }
  return value
}
