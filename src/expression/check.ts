/** Checks an expression against the names it may use, without evaluating it: all problems at once. */
import type { Json } from '../std/json.ts'
import type { Check, CheckScope, StatusCall } from './check-context.ts'
import { typeOf } from './check-nodes.ts'
import { evaluateExpression } from './evaluate.ts'
import { ExpressionError } from './expression-error.ts'
import type { Expression } from './parse.ts'
import type { ExpressionProblem } from './position.ts'
import type { ValueType } from './value-type.ts'

export type { CheckScope, StatusCall } from './check-context.ts'
export type { ValueType } from './value-type.ts'

export interface CheckResult {
  /** In the order of the source. */
  problems: ExpressionProblem[]
  type: ValueType
  /** The value, of an expression that reads nothing. */
  constant: { value: Json } | undefined
  statusCalls: readonly StatusCall[]
}

/** Never throws; an expression without problems of severity `error` can still fail on its data. */
export function checkExpression(expression: Expression, scope: CheckScope): CheckResult {
  const check: Check = { source: expression.source, scope, problems: [], statusCalls: [], usesNow: false }
  const type = typeOf(expression.root, check, false)
  const constant = constantOf(expression, check)
  check.problems.sort((a, b) => a.start.offset - b.start.offset)
  return { problems: check.problems, type, constant, statusCalls: check.statusCalls }
}

function constantOf(expression: Expression, check: Check): { value: Json } | undefined {
  const reads = expression.references.length > 0 || check.usesNow || check.statusCalls.length > 0
  if (reads || check.problems.some((problem) => problem.severity === 'error')) return undefined
  try {
    return { value: evaluateExpression(expression, {}, { now: 0 }) }
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    check.problems.push(error.problem)
    return undefined
  }
}
