/** What the end of an attempt says of its model. */
import { type ErrorCode, TimeoutError } from '../../domain/errors.ts'
import type { QualityScore } from '../../domain/routing.ts'
import type { CallContext } from '../contract.ts'
import { isHeldBack } from '../failure.ts'
import type { Judged } from '../judged.ts'
import type { Observation } from './statistics.ts'

/**
 * Failures that are the model's own. A 429 tells of capacity, a 401, 402 or 403 of the account, a 422 of the input, a lost
 * connection of the network: they say nothing of how good the model is.
 */
const telling: ReadonlySet<string> = new Set<ErrorCode>([
  'timeout',
  'server',
  'exception',
  'quality_failure',
  'resource_exhausted',
  'invalid_output',
  'not_found',
])

/** Whether a failure says something of the model that failed. */
export function isTelling(code: string): boolean {
  return telling.has(code)
}

/** Undefined: nothing. A time that ran out is the least that the answer would have taken. */
export function lessonOf(
  end: Judged,
  { signal, score }: Pick<CallContext, 'signal' | 'score'>,
): Observation | undefined {
  const { took_ms, quality } = end
  const cost_usd = end.answer_usd === undefined ? end.cost_usd : end.answer_usd
  if (end.status === 'succeeded') {
    return { succeeded: true, cost_usd, ...timed(took_ms), ...scored(quality) }
  }
  if (end.status === 'aborted') {
    // A run that is cancelled says nothing; a step whose own time was up does.
    const late = end.reason instanceof TimeoutError && !signal.aborted && took_ms !== undefined
    return late ? { succeeded: false, ...timed(took_ms) } : undefined
  }
  if (!isTelling(end.failure.code) || isHeldBack(end.failure)) return undefined
  return {
    succeeded: false,
    ...(isTimed.has(end.failure.code) && timed(took_ms)),
    ...(cost_usd !== 0 && { cost_usd }),
    // Where nothing scores answers, those that fit their schema have no score to be compared with.
    ...((quality?.by !== 'schema' || score) && scored(quality)),
  }
}

/** A time that ran out, and answers that were whole but not good enough. */
const isTimed = new Set<ErrorCode>(['timeout', 'quality_failure', 'invalid_output'])

function timed(took_ms: number | undefined): Pick<Observation, 'latency_ms'> {
  return took_ms === undefined ? {} : { latency_ms: took_ms }
}

function scored(quality: QualityScore | undefined): Pick<Observation, 'quality'> {
  return typeof quality?.score === 'number' ? { quality: quality.score } : {}
}
