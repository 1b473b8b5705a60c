/** Places inside an expression's source, and what is wrong at them. */

/** Within the expression's source: line and column from 1, offset from 0, counted in UTF-16 units as editors do. */
export interface Position {
  line: number
  column: number
  offset: number
}

export interface ExpressionProblem {
  /** A stable word such as `unknown_name`, `refused_assignment`. */
  code: string
  message: string
  hint?: string
  start: Position
  end: Position
  severity: 'error' | 'warning'
}

export function positionAt(source: string, offset: number): Position {
  const end = Math.min(Math.max(offset, 0), source.length)
  let line = 1
  let lineStart = 0
  for (let at = source.indexOf('\n'); at !== -1 && at < end; at = source.indexOf('\n', at + 1)) {
    line += 1
    lineStart = at + 1
  }
  return { line, column: end - lineStart + 1, offset: end }
}

/** The line of a problem with carets under its place, for people; two lines without a final line break. */
export function problemFrame(source: string, problem: ExpressionProblem): string {
  const line = source.split('\n')[problem.start.line - 1] ?? ''
  const from = problem.start.column - 1
  const to = problem.end.line === problem.start.line ? problem.end.column - 1 : line.length
  const indent = line.slice(0, from).replace(/[^\t]/g, ' ')
  return `${line}\n${indent}${'^'.repeat(Math.max(1, to - from))}`
}
