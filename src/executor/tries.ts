/** The attempts at one candidate, as its retry policy allows; what each of them leaves in the journal. */
import { isCalledOff, RateLimitError, type ReplicateAgentError, TimeoutError, toErrorData } from '../domain/errors.ts'
import type { QualityScore, RoutingDecision } from '../domain/routing.ts'
import { abortReason } from '../std/abort.ts'
import type { Clock } from '../std/clock.ts'
import type { TargetResult } from '../targets/target.ts'
import { attempt, type AttemptEnd } from './attempt.ts'
import type { CallFact, CallOutcome } from './contract.ts'
import { classOf, isUnanswered, stopsRun } from './failure.ts'
import { takenUp } from './recorder.ts'
import { permissionFor, permitted } from './permission.ts'
import { lessonOf } from './routing/lesson.ts'
import { type Judged, judged } from './judged.ts'
import type { Tries, Turn, Work } from './work.ts'

/** What is known of how a result was made. */
export interface Made {
  latency_ms: number
  quality?: QualityScore
}

/** Keeps a result in the cache. */
export type Keep = (result: TargetResult, made: Made) => void

/** The outcome, or undefined when the next candidate is due. */
export async function tryTurn(work: Work, turn: Turn, keep?: Keep): Promise<CallOutcome | undefined> {
  const { spec, ledger, deadline, clock } = work
  const { open, made } = turn
  const tries: Tries = {
    call: open?.call ?? 0,
    entered: open !== undefined,
    open,
    made,
    failures: made,
    delay: undefined,
  }
  while (tries.open || tries.made < spec.retry.attempts) {
    // What is open is still gone into, to be cancelled where it runs.
    if (deadline.signal.aborted && !tries.open) return aborted(work)
    const permission = await permissionFor(work, turn, tries)
    if (permission === 'refused') return undefined
    let latency_ms = 0
    const end = await permitted(permission, work, tries, async () => {
      await enter(work, turn, tries)
      const began = clock.monotonic()
      const made = await attempt(attemptOf(work, turn, tries))
      latency_ms = Math.round(clock.monotonic() - began)
      return { made, end: await judged(work, turn, tries, made, latency_ms) }
    })
    if (end.status === 'succeeded') return succeed(work, turn, tries.call, end, latency_ms, keep)
    if (end.status === 'aborted') return callOff(work, turn, tries.call, end, latency_ms)
    // The call stays open in the journal: what stopped it says nothing about it.
    if (stopsRun(end.failure)) return ledger.ended('stopped', end.failure)
    await takeFailure(work, turn, tries, end, latency_ms)
    if (tries.delay === undefined) return undefined
    if (!(await slept(clock, tries.delay, deadline.signal))) return aborted(work)
  }
  return undefined
}

/** The end of a call whose signal aborted: cancelled, or failed when its time was up. Throws what only abandons it. */
export function aborted({ ledger, deadline, context }: Work): CallOutcome {
  const reason = abortReason(deadline.signal)
  if (!isCalledOff(reason)) throw reason
  // The step's own time is up; a workflow that timed out cancels its steps.
  if (reason instanceof TimeoutError && !context.signal.aborted) return ledger.ended('failed', reason)
  return ledger.cancelled()
}

// ── an attempt ──

async function enter({ ledger, context }: Work, { position, candidate }: Turn, tries: Tries): Promise<void> {
  if (tries.entered) return
  tries.call = ledger.nextCall()
  if (tries.open) await context.record(takenUp(tries.open, tries.call, position, candidate))
}

function takeDecision(turn: Turn): RoutingDecision | undefined {
  const { decision } = turn
  turn.decision = undefined
  return decision
}

function takeMissed(turn: Turn): CallFact | undefined {
  const { missed } = turn
  turn.missed = undefined
  return missed
}

function attemptOf(work: Work, turn: Turn, { call, open }: Tries): Parameters<typeof attempt>[0] {
  const { clock, random, context, deadline, spec, ledger } = work
  const { target, candidate, position, input } = turn
  const { output_schema } = spec
  const limiter = work.limiters.get(candidate.target)
  return {
    clock,
    random,
    context,
    deadline,
    target,
    candidate,
    position,
    input,
    output_schema,
    limiter,
    gate: work.gates.of(candidate),
    call,
    open,
    decided: () => takeDecision(turn),
    missed: () => takeMissed(turn),
    ids: ledger.ids,
  }
}

async function slept(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  return !signal.aborted
}

// ── how it ended ──

type Ended<S extends AttemptEnd['status']> = Extract<Judged, { status: S }>
type Settled = Extract<CallFact, { type: 'call.settled' }>

async function succeed(
  work: Work,
  turn: Turn,
  call: number,
  end: Ended<'succeeded'>,
  latency_ms: number,
  keep: Keep | undefined,
): Promise<CallOutcome> {
  const { ledger } = work
  const { model, files } = end.result
  ledger.attempted(end.cost_usd)
  ledger.model = model
  keep?.(end.result, { latency_ms, ...(end.quality && { quality: end.quality }) })
  await settle(work, turn, end, { call, status: 'succeeded', latency_ms, cost_usd: end.cost_usd }, true)
  return ledger.succeeded(end.output, files)
}

async function callOff(
  work: Work,
  turn: Turn,
  call: number,
  end: Ended<'aborted'>,
  latency_ms: number,
): Promise<CallOutcome> {
  const { reason, cost_usd } = end
  work.ledger.attempted(cost_usd)
  const error = toErrorData(reason)
  await settle(work, turn, end, { call, status: 'cancelled', error, latency_ms, cost_usd }, true)
  return aborted(work)
}

/** What it teaches is kept before the call is settled, so that no crash loses it; `last`: together with the work's end. */
async function settle(
  work: Work,
  turn: Turn,
  end: Judged,
  fact: Omit<Settled, 'type' | 'quality'>,
  last: boolean,
): Promise<void> {
  const { context, router } = work
  const lesson = fact.status === 'abandoned' ? undefined : lessonOf(end, context)
  if (lesson)
    await router.learn(turn.pupil, fact.call, end.open?.version ?? context.versionOf(turn.candidate.model), lesson)
  const settled: Settled = { type: 'call.settled', ...fact, ...(end.quality && { quality: end.quality }) }
  if (end.answer_usd !== undefined && end.answer_usd !== fact.cost_usd) settled.answer_usd = end.answer_usd
  const decision = takeDecision(turn)
  // It came to no intent, with which its decision would have been journaled.
  const missed = takeMissed(turn)
  const facts: CallFact[] = [
    ...(missed ? [missed] : []),
    ...(decision ? [{ type: 'call.routed' as const, call: fact.call, decision }] : []),
    settled,
  ]
  if (!last || !context.recordLast) return context.record(...facts)
  for (const each of facts) context.recordLast(each)
}

/** Decides how it goes on: `tries.delay` is set when this candidate is called again. */
async function takeFailure(
  work: Work,
  turn: Turn,
  tries: Tries,
  end: Ended<'failed'>,
  latency_ms: number,
): Promise<void> {
  const { context, limiters, spec } = work
  const { failure } = end
  tries.failures += 1
  tries.open = isUnanswered(failure) ? end.open : undefined
  tries.delay = delayAfter(work, failure, tries)
  tries.entered = failure instanceof RateLimitError && tries.delay !== undefined
  if (failure instanceof RateLimitError)
    limiters.get(turn.candidate.target)?.pause(failure.retryAfterMs ?? tries.delay ?? 0)
  if (tries.entered) {
    const seconds = Math.ceil((tries.delay ?? 0) / 1_000)
    return context.progress({ call: tries.call, status: `rate limited, waiting ${seconds} s` })
  }
  tries.made += 1
  if (tries.made >= spec.retry.attempts) tries.delay = undefined
  await settleFailed(work, turn, tries, end, latency_ms)
}

/** Milliseconds until this candidate is tried again, or undefined: it is not. */
function delayAfter(
  { spec, backoff, random }: Work,
  failure: ReplicateAgentError,
  { failures, delay }: Tries,
): number | undefined {
  const policy = spec.retry
  const kind = classOf(failure)
  if (kind === undefined || !policy.on.includes(kind)) return undefined
  const retry_after_ms = failure instanceof RateLimitError ? failure.retryAfterMs : undefined
  return backoff(policy, { failures, previous_ms: delay, retry_after_ms }, random)
}

async function settleFailed(
  work: Work,
  turn: Turn,
  tries: Tries,
  end: Ended<'failed'>,
  latency_ms: number,
): Promise<void> {
  const { ledger } = work
  const { failure, open } = end
  const { call, delay } = tries
  const unanswered = isUnanswered(failure)
  // Whoever takes it up learns what it costs; if nobody does, the cost stays what the target knows of it.
  const cost_usd = unanswered && delay !== undefined ? 0 : end.cost_usd
  ledger.attempted(cost_usd)
  ledger.failed(turn.candidate.model, failure)
  if (open?.id !== undefined && !unanswered) ledger.ids.add(open.id)
  const status = unanswered ? 'abandoned' : 'failed'
  const again = delay !== undefined && { retry_in_ms: Math.round(delay) }
  const fact = { call, status, error: toErrorData(failure), latency_ms, cost_usd, ...again } as const
  await settle(work, turn, end, fact, delay === undefined && turn.last)
}
