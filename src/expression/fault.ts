/** What parsing and evaluation throw inside this room; turned into problems or an ExpressionError at its border. */
import type { ExpressionProblem } from './position.ts'
import { positionAt } from './position.ts'

export interface FaultPlace {
  start: number
  end: number
}

export class Fault extends Error {
  override readonly name = 'Fault'
  readonly problemCode: string
  readonly hint: string | undefined
  /** Absent: the node that is being evaluated. */
  readonly place: FaultPlace | undefined

  constructor(problemCode: string, message: string, hint?: string, place?: FaultPlace) {
    super(message)
    this.problemCode = problemCode
    this.hint = hint
    this.place = place && { start: place.start, end: place.end }
  }
}

export function problemAt(
  source: string,
  place: FaultPlace,
  problem: { code: string; message: string; hint?: string | undefined; severity?: 'error' | 'warning' },
): ExpressionProblem {
  return {
    code: problem.code,
    message: problem.message,
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    start: positionAt(source, place.start),
    end: positionAt(source, Math.max(place.end, place.start)),
    severity: problem.severity ?? 'error',
  }
}

export function problemOf(source: string, fault: Fault, place: FaultPlace): ExpressionProblem {
  return problemAt(source, fault.place ?? place, {
    code: fault.problemCode,
    message: fault.message,
    hint: fault.hint,
  })
}
