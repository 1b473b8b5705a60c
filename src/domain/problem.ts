/** Something wrong in a file or an expression, with its place: what `validate` lists. */
import { NonRetryableError } from './errors.ts'

export interface Problem {
  file: string
  /** From 1. */
  line: number
  /** From 1, in characters. */
  column: number
  /** A stable word such as `unknown_field`, `cycle`, `unknown_step`. */
  code: string
  severity: 'error' | 'warning'
  message: string
  hint?: string
  /** The source line, for the caret display. */
  source?: string
}

/** A file that can't be used; carries every problem found, not just the first. */
export class ProblemsError extends NonRetryableError {
  override readonly name = 'ProblemsError'
  readonly problems: readonly Problem[]
  constructor(
    code:
      | 'invalid_workflow'
      | 'invalid_expression'
      | 'invalid_input'
      | 'invalid_config'
      | 'invalid_test'
      | 'lock_mismatch',
    problems: readonly Problem[],
  ) {
    const errors = problems.filter((problem) => problem.severity === 'error')
    const first = errors[0] ?? problems[0]
    const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
    super(code, first ? `${first.file}:${first.line}:${first.column}: ${first.message}${more}` : 'invalid', {
      hint: first?.hint,
    })
    this.problems = problems
  }
}
