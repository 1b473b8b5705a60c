/** Evaluates a parsed expression over plain data: the border where faults become ExpressionErrors. */
import type { Json } from '../std/json.ts'
import { type Budget, newBudget } from './budget.ts'
import { ExpressionError } from './expression-error.ts'
import { Fault, type FaultPlace, problemOf } from './fault.ts'
import type { StatusFunctionName } from './functions/table.ts'
import { evaluate, type Evaluation } from './interpret.ts'
import { measure } from './json-text.ts'
import { type Limits, limitsWith } from './limits.ts'
import type { Expression } from './parse.ts'
import { isChain, type Node } from './syntax-tree.ts'

export { ExpressionError } from './expression-error.ts'
export { truthy } from './values.ts'

export interface EvaluateContext {
  /** Milliseconds since 1970: what `now()` gives throughout. */
  now: number
  /** Answers `succeeded("x")` and its kin; absent: they are an error. */
  status?: ((name: StatusFunctionName, step?: string) => boolean) | undefined
  limits?: Partial<Limits> | undefined
}

/**
 * The value of an expression over the data in `scope`, of which only own properties are seen. The result is plain
 * JSON and may share parts with the scope; nothing in the scope is changed.
 * @throws ExpressionError `expression_failed`, with the place and what to do about it.
 */
export function evaluateExpression(
  expression: Expression,
  scope: Readonly<Record<string, Json>>,
  context: EvaluateContext,
): Json {
  return measuredEvaluation(expression, scope, context).value
}

/** As `evaluateExpression`, and what it cost: for tests and benchmarks of the budgets. */
export function measuredEvaluation(
  expression: Expression,
  scope: Readonly<Record<string, Json>>,
  context: EvaluateContext,
): { value: Json; steps: number; built: number } {
  const budget = newBudget(limitsWith(context.limits))
  const evaluation: Evaluation = { scope, now: context.now, status: context.status, budget, at: expression.root }
  try {
    const value = evaluate(expression.root, evaluation)
    evaluation.at = expression.root
    checkResult(expression.root, value, budget)
    return { value, steps: budget.steps, built: budget.built }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    throw new ExpressionError(
      'expression_failed',
      expression.source,
      problemOf(expression.source, error, placeOf(evaluation.at)),
    )
  }
}

/** Of a link of a chain, only the link itself: `.field`'s name or the brackets. */
function placeOf(node: Node): FaultPlace {
  if (node.kind === 'field') return { start: node.nameStart, end: node.end }
  if (node.kind === 'index' || node.kind === 'slice') return { start: node.object.end, end: node.end }
  return node
}

/** The same large value can stand in a list many times: what is written out must stay within bounds too. */
function checkResult(root: Node, value: Json, budget: Budget): void {
  if (typeof value !== 'object' || value === null || !putsTogether(root)) return
  const { resultSize } = budget.limits
  if (measure(value, budget, resultSize) > resultSize) {
    throw new Fault('too_large', `the result would have more than ${resultSize} characters as JSON`)
  }
}

/** Whether the result can be something else than a part of the scope. */
function putsTogether(node: Node): boolean {
  if (isChain(node) || node.kind === 'literal') return false
  if (node.kind === 'coalesce') return node.operands.some(putsTogether)
  if (node.kind === 'conditional') return putsTogether(node.whenTrue) || putsTogether(node.whenFalse)
  return true
}
