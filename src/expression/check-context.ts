/** What checking works with: the names that may be used, and what has been found so far. */
import { type FaultPlace, problemAt } from './fault.ts'
import type { StatusFunctionName } from './functions/table.ts'
import type { ExpressionProblem } from './position.ts'
import type { ValueType } from './value-type.ts'

/** What an expression may use. */
export interface CheckScope {
  names: Record<string, ValueType>
  /** Names that are not listed are allowed, of any type (they may still be missing when it is evaluated). */
  open?: boolean
  /** `succeeded`, `failed`, `skipped` and `always`: not here, or about these steps. */
  statusFunctions: false | { steps: readonly string[] }
}

export interface StatusCall {
  name: StatusFunctionName
  step?: string
}

export interface Check {
  readonly source: string
  readonly scope: CheckScope
  readonly problems: ExpressionProblem[]
  readonly statusCalls: StatusCall[]
  usesNow: boolean
}

export function report(
  check: Check,
  place: FaultPlace,
  code: string,
  message: string,
  hint?: string,
  severity?: 'warning',
): void {
  check.problems.push(problemAt(check.source, place, { code, message, hint, ...(severity ? { severity } : {}) }))
}
