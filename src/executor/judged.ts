/** Holds an answer against what its agent asks of it, before its call is settled. */
import { isCalledOff, RetryableError, StoreError } from '../domain/errors.ts'
import type { QualityScore } from '../domain/routing.ts'
import { abortReason } from '../std/abort.ts'
import type { AttemptEnd } from './attempt.ts'
import type { CallContext, Scored } from './contract.ts'
import { asFailure } from './failure.ts'
import { policyAfter } from './resilience/retry/retry.ts'
import type { Tries, Turn, Work } from './work.ts'

/** How an attempt ended, with what its answer is worth and what finding that out cost. */
export type Judged = AttemptEnd & {
  quality?: QualityScore
  /** Of the answer alone, where it was scored. */
  answer_usd?: number | null
}

type Answered = Extract<AttemptEnd, { status: 'succeeded' }>

/** An answer under its bar is a failure of class `quality_failure`; but a cascade takes the last one as it is. */
export function judged(
  work: Work,
  turn: Turn,
  tries: Tries,
  end: AttemptEnd,
  latency_ms: number,
): Judged | Promise<Judged> {
  if (end.status === 'failed' && end.failure.code === 'invalid_output')
    return { ...end, quality: { score: 0, by: 'schema' } }
  const { score } = work.context
  return end.status === 'succeeded' && score ? scoredBy(score, work, turn, tries, end, latency_ms) : end
}

async function scoredBy(
  score: NonNullable<CallContext['score']>,
  { deadline: { signal } }: Work,
  turn: Turn,
  tries: Tries,
  end: Answered,
  latency_ms: number,
): Promise<Judged> {
  let scored: Scored | undefined
  try {
    scored = await score(answerOf(turn, tries, end, latency_ms), signal)
  } catch (error) {
    // What the answer cost is spent all the same.
    if (!signal.aborted && error instanceof StoreError) throw error
    if (!signal.aborted) return { ...end, status: 'failed', failure: asFailure(error) }
    const reason = abortReason(signal)
    if (!isCalledOff(reason)) throw reason
    return { ...end, status: 'aborted', reason }
  }
  return scored ? withScore(turn, tries, end, scored) : end
}

function answerOf({ candidate, input }: Turn, { call }: Tries, { result, output }: Answered, latency_ms: number) {
  const { model, files, cost_usd } = result
  return { agent: candidate.name, call, model, input, output, files, latency_ms, cost_usd }
}

function withScore(turn: Turn, tries: Tries, end: Answered, scored: Scored): Judged {
  const { accepted, judging_usd: extra, ...quality } = scored
  const found = { quality, answer_usd: end.cost_usd }
  const cost_usd = end.cost_usd === null || extra === null ? null : end.cost_usd + extra
  if (accepted !== false || isTakenAnyway(turn, tries)) return { ...end, cost_usd, ...found }
  return { ...end, status: 'failed', failure: notGoodEnough(turn, quality), cost_usd, ...found }
}

function notGoodEnough({ candidate, pupil }: Turn, { score, by, problem }: QualityScore): RetryableError {
  const bar = pupil.policy.quality?.accept
  const found = score === null ? `could not be scored (${problem})` : `scored ${Number(score.toFixed(3))} (${by})`
  const asked = bar === undefined ? '' : `, and ${bar} is asked for`
  return new RetryableError('quality_failure', `the answer of ${candidate.model} ${found}${asked}`, {
    hint: 'lower `accept`, name a better candidate, or let `retry.on` have quality_failure tried again',
    details: { score, by, ...(bar !== undefined && { accept: bar }) },
  })
}

/** The last word of a cascade: no candidate is left to ask, and no other attempt at this one. */
function isTakenAnyway({ alone, pupil, retry }: Turn, { made }: Tries): boolean {
  const again = policyAfter(retry, 'quality_failure', made + 1) !== undefined
  return pupil.policy.strategy === 'cascade' && alone && !again
}
