/** An expression that can't be read, or that failed while it was evaluated. */
import { NonRetryableError } from '../domain/errors.ts'
import type { ExpressionProblem, Position } from './position.ts'

export class ExpressionError extends NonRetryableError {
  override readonly name = 'ExpressionError'
  /** The expression's source; `position` is within it. */
  readonly source: string
  readonly position: Position
  /** `problem.code` says what it is: `missing_field`, `wrong_type`, `too_many_steps`, … */
  readonly problem: ExpressionProblem

  constructor(code: 'invalid_expression' | 'expression_failed', source: string, problem: ExpressionProblem) {
    super(code, problem.message, {
      hint: problem.hint,
      details: {
        problem: problem.code,
        line: problem.start.line,
        column: problem.start.column,
        expression: source.length > 200 ? `${source.slice(0, 200)}…` : source,
      },
    })
    this.source = source
    this.position = problem.start
    this.problem = problem
  }
}
