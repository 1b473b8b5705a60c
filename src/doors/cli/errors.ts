/** The one place where an error becomes text, or the `{error}` object of `--json`, and an exit code. */
import { type ErrorData, ReplicateAgentError, toErrorData } from '../../domain/errors.ts'
import { ProblemsError } from '../../domain/problem.ts'
import type { JsonObject } from '../../std/json.ts'
import { exitCodeOfError } from './exit-codes.ts'
import { type Complaint, complaintLines, complaintOf, type Place } from './output/problem.ts'
import type { Style } from './output/style.ts'

export interface ErrorShow {
  style: Style
  cwd: string
  /** With stack traces. */
  debug: boolean
}

export function exitCodeOf(error: unknown): number {
  return exitCodeOfError[toErrorData(error).code]
}

/** As `--json` shows it; problems of a file are listed in `details.problems`. */
export function errorObject(error: unknown): { error: ErrorData } {
  const data = toErrorData(error)
  if (!(error instanceof ProblemsError)) return { error: data }
  const problems = error.problems.map(({ source: _source, ...problem }) => problem as unknown as JsonObject)
  return { error: { ...data, details: { ...data.details, problems } } }
}

export function errorLines(error: unknown, show: ErrorShow): string[] {
  const lines =
    error instanceof ProblemsError
      ? problemLines(error, show)
      : complaintLines(complaintAbout(error), show.style, show.cwd)
  if (show.debug) lines.push(...stackLines(error, show.style))
  return lines
}

function problemLines(error: ProblemsError, { style, cwd }: ErrorShow): string[] {
  return error.problems.flatMap((problem, at) => [
    ...(at > 0 ? [''] : []),
    ...complaintLines(complaintOf(problem), style, cwd),
  ])
}

function complaintAbout(error: unknown): Complaint {
  if (!(error instanceof ReplicateAgentError)) {
    const message = error instanceof Error ? error.message : String(error)
    return {
      severity: 'error',
      message: `something unexpected happened: ${message}`,
      hint: 'this is a defect of replicate-agent; --debug shows where',
    }
  }
  return complaintOfData(toErrorData(error))
}

/** An error as data: of a run, or caught. */
export type ShownError = Pick<ErrorData, 'message'> & {
  hint?: string | undefined
  step?: string | undefined
  details?: Record<string, unknown> | undefined
}

export function complaintOfData(error: ShownError): Complaint {
  const where = error.step === undefined || error.message.includes(`"${error.step}"`) ? '' : `step "${error.step}": `
  const place = placeIn(error.details)
  return { severity: 'error', message: where + error.message, hint: error.hint, ...(place && { place }) }
}

/** Errors of expressions carry the expression and the place in it. */
function placeIn(details: Readonly<Record<string, unknown>> | undefined): Place | undefined {
  const { line, column, expression } = details ?? {}
  if (typeof line !== 'number' || typeof column !== 'number' || typeof expression !== 'string') return undefined
  return { line, column, source: expression.split('\n')[line - 1] }
}

function stackLines(error: unknown, style: Style): string[] {
  const lines: string[] = []
  let next: unknown = error
  for (let depth = 0; next instanceof Error && depth < 5; depth += 1) {
    lines.push(style.dim(`${depth === 0 ? '' : 'caused by: '}${next.stack ?? next.message}`))
    next = next.cause
  }
  return lines
}
