/** The attempts at one candidate, as its retry policy allows; what each of them leaves in the journal. */
import {
  CancelledError,
  isCalledOff,
  RateLimitError,
  type ReplicateAgentError,
  TimeoutError,
  toErrorData,
} from '../domain/errors.ts'
import { allowedIn } from '../domain/rate-limit.ts'
import type { QualityScore, RoutingDecision } from '../domain/routing.ts'
import { abortReason } from '../std/abort.ts'
import type { Clock } from '../std/clock.ts'
import { formatDuration } from '../std/duration.ts'
import type { TargetResult } from '../targets/target.ts'
import { attempt, type AttemptEnd, type AttemptParts } from './attempt.ts'
import type { CallFact, CallOutcome } from './contract.ts'
import { classOf, isUnanswered, stopsRun, withWhy } from './failure.ts'
import { hedged, type Tried } from './hedged.ts'
import { takenUp } from './recorder.ts'
import { assertPermitted, type Permission, permissionFor, permitted } from './permission.ts'
import { policyAfter, policyAfterRefusal, retryAfterOf } from './resilience/retry/retry.ts'
import type { RetryBudget } from './resilience/retry/retry-budget.ts'
import { type AttemptTime, startAttempt } from './resilience/retry/timeout.ts'
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
  const { ledger, deadline, clock } = work
  const tries = firstTry(turn)
  if (!tries.open) budgetOf(work, turn)?.called()
  for (;;) {
    // What is open is still gone into, to be cancelled where it runs.
    if (deadline.signal.aborted && !tries.open) return aborted(work)
    const { first, others } = await hedged(work, turn, tries, tryOnce, (made) => mayHedge(work, turn, tries, made))
    if (others.length > 0) await settleOthers(work, turn, tries, others, isOver(work, turn, first))
    if (!first) return undefined
    const { end, latency_ms } = first
    tries.call = first.tries.call
    if (end.status === 'succeeded') return succeed(work, turn, tries.call, end, latency_ms, keep)
    if (end.status === 'aborted') return callOff(work, turn, tries.call, end, latency_ms)
    // The call stays open in the journal: what stopped it says nothing about it.
    if (stopsRun(end.failure)) return ledger.ended('stopped', end.failure)
    await takeFailure(work, turn, tries, end, latency_ms)
    if (tries.delay === undefined) return undefined
    const began = clock.monotonic()
    const isDone = await slept(clock, tries.delay, deadline.signal)
    // What was refused is no attempt, whose back-off the journal would tell.
    if (tries.entered) work.context.waited?.(clock.monotonic() - began)
    if (!isDone) return aborted(work)
  }
}

/** Undefined: a breaker keeps it from being made. */
async function tryOnce(work: Work, turn: Turn, tries: Tries): Promise<Tried | undefined> {
  const { clock } = work
  const permission = await permissionFor(work, turn, tries)
  if (!permission) return undefined
  let latency_ms = 0
  const end = await permitted(permission, work, tries, async () => {
    const entering = enter(work, turn, tries)
    if (entering) await entering
    const began = clock.monotonic()
    const made = await attemptOnce(work, turn, tries, permission)
    latency_ms = Math.round(clock.monotonic() - began)
    const end = judged(work, turn, tries, made, latency_ms)
    return { made, end: end instanceof Promise ? await end : end }
  })
  return { tries, end, latency_ms }
}

/** A hedge is an attempt, and a retry to its budget. */
function mayHedge(work: Work, turn: Turn, { made }: Tries, racing: number): boolean {
  return made + racing < turn.retry.attempts && (budgetOf(work, turn)?.take() ?? true)
}

function firstTry({ open, made }: Turn): Tries {
  const entered = open !== undefined
  return { call: open?.call ?? 0, entered, open, made, failures: made, refused: 0, delay: undefined }
}

/** The end of a call whose signal aborted; undefined: only its agent's time was up. Throws what only abandons the call. */
export function aborted({ ledger, deadline, whole, context }: Work): CallOutcome | undefined {
  const reason = abortReason(deadline.signal)
  if (!isCalledOff(reason)) throw reason
  // A workflow that timed out cancels its steps.
  if (!(reason instanceof TimeoutError) || context.signal.aborted) return ledger.cancelled()
  ledger.failed(ledger.model ?? '', reason)
  return whole.signal.aborted ? ledger.ended('failed', reason) : undefined
}

// ── an attempt ──

/** Undefined: there is nothing to wait for. */
function enter({ ledger, context }: Work, { position, candidate }: Turn, tries: Tries): Promise<void> | undefined {
  if (tries.entered) return undefined
  tries.call = ledger.nextCall()
  return tries.open && context.record(takenUp(tries.open, tries.call, position, candidate))
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

async function attemptOnce(work: Work, turn: Turn, tries: Tries, permission: Permission): Promise<AttemptEnd> {
  const time = startAttempt(work.clock, work.deadline, turn.retry.attempt_timeout_ms)
  try {
    return await attempt({ ...attemptOf(work, turn, tries, time), permitted: () => assertPermitted(permission) })
  } finally {
    time.end()
  }
}

function attemptOf(
  work: Work,
  turn: Turn,
  { call, open, sent }: Tries,
  deadline: AttemptTime,
): Omit<AttemptParts, 'permitted'> {
  const { clock, random, context, spec, ledger } = work
  const { target, candidate, position, input } = turn
  const { output_schema } = spec
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
    gate: work.limits.of(candidate),
    accounts: work.accounts,
    purse: work.purse,
    call,
    open,
    ...(sent && { sent }),
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
  if (turn.candidate.hedge) work.latencies(turn.candidate).add(end.took_ms ?? latency_ms)
  ledger.attempted(call, end.cost_usd)
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
): Promise<CallOutcome | undefined> {
  const { reason, cost_usd } = end
  work.ledger.attempted(call, cost_usd)
  const error = toErrorData(reason)
  const isLast = work.whole.signal.aborted || turn.last
  await settle(work, turn, end, { call, status: 'cancelled', error, latency_ms, cost_usd }, isLast)
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
  const { context, limits } = work
  const { failure } = end
  const isRefused = failure instanceof RateLimitError
  tries.failures += 1
  tries.refused = isRefused ? tries.refused + 1 : 0
  tries.open = isUnanswered(failure) ? end.open : undefined
  const next = nextTry(work, turn, tries, failure)
  tries.delay = next.delay
  tries.entered = isRefused && next.delay !== undefined
  if (isRefused)
    await limits.of(turn.candidate)?.pause(failure.retryAfterMs ?? next.delay ?? 0, allowedIn(failure.details))
  if (tries.entered) {
    const seconds = Math.ceil((next.delay ?? 0) / 1_000)
    return context.progress({ call: tries.call, status: `rate limited, waiting ${seconds} s` })
  }
  tries.made += 1
  await settleFailed(work, turn, tries, next.why ? { ...end, failure: withWhy(failure, next.why) } : end, latency_ms)
}

interface Next {
  /** Milliseconds until this candidate is tried again; absent: it is not. */
  delay?: number
  /** Why it is not, though its policy would have it. */
  why?: string
}

function nextTry(work: Work, turn: Turn, tries: Tries, failure: ReplicateAgentError): Next {
  const { deadline, clock, backoff, random } = work
  const { failures, delay: previous_ms, refused, made, open } = tries
  const isRefused = failure instanceof RateLimitError
  const policy = isRefused
    ? policyAfterRefusal(turn.retry, refused)
    : policyAfter(turn.retry, classOf(failure), made + 1)
  if (!policy) return {}
  const delay = backoff(policy, { failures, previous_ms, retry_after_ms: retryAfterOf(failure) }, random)
  if (deadline.at !== undefined && clock.now() + delay >= deadline.at)
    return { why: `the next attempt would begin in ${formatDuration(delay)}, when its time is up` }
  // What was refused was not made, what has an id is only asked for again.
  if (isRefused || open?.id !== undefined || (budgetOf(work, turn)?.take() ?? true)) return { delay }
  return { why: `retries of ${turn.candidate.model} are as many as its \`retry.budget\` allows` }
}

function budgetOf({ retryBudgets }: Work, { candidate, retry }: Turn): RetryBudget | undefined {
  return retryBudgets.of(candidate, retry.budget)
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
  ledger.attempted(call, cost_usd)
  ledger.failed(turn.candidate.model, failure)
  if (open?.id !== undefined && !unanswered) ledger.ids.add(open.id)
  const status = unanswered ? 'abandoned' : 'failed'
  const again = delay !== undefined && { retry_in_ms: Math.round(delay) }
  const fact = { call, status, error: toErrorData(failure), latency_ms, cost_usd, ...again } as const
  await settle(work, turn, end, fact, delay === undefined && turn.last)
}

/** Whether no attempt follows: what is settled then is so together with the end of the work. */
function isOver({ whole }: Work, { last }: Turn, first: Tried | undefined): boolean {
  if (first?.end.status === 'aborted') return whole.signal.aborted || last
  return first?.end.status === 'succeeded'
}

/** What was made beside the attempt that counts. It is settled with it, so that no crash leaves half of them. */
async function settleOthers(
  work: Work,
  turn: Turn,
  tries: Tries,
  others: readonly Tried[],
  last: boolean,
): Promise<void> {
  const { ledger } = work
  for (const { tries: own, end, latency_ms } of others) {
    const { cost_usd } = end
    const failure = end.status === 'failed' ? end.failure : undefined
    const why = failure ?? (end.status === 'aborted' ? end.reason : beaten)
    tries.made += 1
    ledger.attempted(own.call, cost_usd)
    if (failure) ledger.failed(turn.candidate.model, failure)
    const status = failure ? 'failed' : 'cancelled'
    await settle(work, turn, end, { call: own.call, status, error: toErrorData(why), latency_ms, cost_usd }, last)
  }
}

const beaten = new CancelledError('another answer to the same call came first')
