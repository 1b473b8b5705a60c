/** Tells the call log of a call, once it is over: from what is journaled of it, what came of it, and what it waited for. */
import { StoreError } from '../domain/errors.ts'
import type { MissReason } from '../domain/cache.ts'
import type { AttemptReport, CallLog, CallReport } from '../domain/call-report.ts'
import type { CallContext, CallFact, CallOutcome, Candidate, PriorAttempt } from './contract.ts'
import { callId } from './routing/call-id.ts'
import type { Work } from './work.ts'

type FactOf<T extends CallFact['type']> = Extract<CallFact, { type: T }>
type Attempt = Omit<AttemptReport, 'status' | 'time' | 'latency_ms' | 'cost_usd'> & { call: number }

/** Without a log, just runs. A call that is only abandoned is told of by the process that takes it up. */
export async function reported<W extends Work>(
  log: CallLog | undefined,
  work: W,
  run: (work: W) => Promise<CallOutcome>,
): Promise<CallOutcome> {
  if (!log) return run(work)
  const { spec, context, ledger } = work
  const start = { place: context.labels, agent: spec.chain[0]?.name ?? '', input: spec.input }
  let id: string | undefined
  try {
    id = await log.begin?.(start)
  } catch (error) {
    if (error instanceof StoreError) return ledger.ended('stopped', error)
    throw error
  }
  const watch = watchCall(work)
  const outcome = await run({ ...work, context: watch.context })
  log.take({ ...start, ...(id !== undefined && { id }), ...watch.report(outcome) })
  return outcome
}

function watchCall(work: Work) {
  const { spec, context, clock, ledger } = work
  const attempts: AttemptReport[] = (context.prior.settled ?? []).map((prior) => earlierAttempt(work, prior))
  const open = new Map<number, Attempt>()
  const decisions: string[] = []
  let cache_miss: MissReason | undefined
  let waiting = 0
  let judging = 0
  takeUp()

  /** What an earlier process sent, and this one may go on with under its number. */
  function takeUp(): void {
    const { open: prior } = context.prior
    const candidate = prior && spec.chain[prior.candidate]
    if (!candidate) return
    const { call, model, version, id } = prior
    const known = { ...(version !== undefined && { version }), ...(id !== undefined && { prediction_id: id }) }
    const { name: agent, target } = candidate
    open.set(call, {
      ...{ id: callId(context.labels, call), call, agent, target, model },
      ...known,
      sent: true,
      waiting_ms: 0,
    })
  }

  function note(fact: CallFact): void {
    if (fact.type === 'call.routed') decisions.push(fact.decision.id)
    else if (fact.type === 'cache.missed') cache_miss = fact.reason
    else if (fact.type === 'call.intended') intended(fact)
    else if (fact.type === 'call.settled') settled(fact)
    else if (fact.type === 'call.created' || fact.type === 'call.reattached') {
      const attempt = open.get(fact.call)
      if (attempt && fact.id !== undefined) attempt.prediction_id = fact.id
    }
  }

  function intended({ call, candidate, target, model, version, reserve_usd }: FactOf<'call.intended'>): void {
    const one = spec.chain[candidate]
    const state = one && breakerState(work, one)
    open.set(call, {
      ...{ id: callId(context.labels, call), call, agent: one?.name ?? '', target, model, sent: true, waiting_ms: 0 },
      ...(version !== undefined && { version }),
      ...(reserve_usd !== undefined && { reserved_usd: reserve_usd }),
      ...(state !== undefined && { breaker: state }),
    })
  }

  function settled({
    call,
    status,
    error,
    latency_ms,
    cost_usd,
    answer_usd,
    retry_in_ms,
  }: FactOf<'call.settled'>): void {
    const { call: _call, ...attempt } = open.get(call) ?? unsent(call)
    open.delete(call)
    // Given up before, and taken up again: its last word counts.
    const before = attempts.findIndex(({ id }) => id === attempt.id)
    if (before >= 0) attempts.splice(before, 1)
    attempts.push({
      ...{ ...attempt, time: clock.now(), status, latency_ms, waiting_ms: Math.round(waiting), cost_usd },
      ...(error && { error }),
      ...(answer_usd !== undefined && { answer_usd }),
      ...(retry_in_ms !== undefined && { backoff_ms: retry_in_ms }),
    })
    waiting = 0
  }

  /** It failed before anything was sent. */
  function unsent(call: number): Attempt {
    const { model = '' } = ledger
    const { name: agent = '', target = '' } = spec.chain.find((candidate) => candidate.model === model) ?? {}
    return { id: callId(context.labels, call), call, agent, target, model, sent: false, waiting_ms: 0 }
  }

  const { recordLast, score } = context
  const watched: CallContext = {
    ...context,
    record(...facts) {
      for (const fact of facts) note(fact)
      return context.record(...facts)
    },
    waited: (ms) => void (waiting += ms),
  }
  if (recordLast)
    watched.recordLast = (fact) => {
      note(fact)
      recordLast(fact)
    }
  if (score)
    watched.score = async (answer, signal) => {
      const began = clock.monotonic()
      try {
        return await score(answer, signal)
      } finally {
        judging += clock.monotonic() - began
      }
    }

  function report(outcome: CallOutcome): Omit<CallReport, 'place' | 'agent' | 'input'> {
    const { status, latency_ms, cost_usd, model } = outcome
    const [name, version = attempts.at(-1)?.version] = model?.split(':') ?? []
    return {
      ...{
        status,
        latency_ms,
        cost_usd,
        decisions,
        attempts,
        judging_ms: Math.round(judging),
        cache: 'off',
        files: [],
      },
      candidates: spec.chain.map((candidate) => ({ agent: candidate.name, model: candidate.model })),
      refused: ledger.refused,
      resumed: context.prior.calls > 0,
      mask: context.mask,
      ...(name !== undefined && { model: name }),
      ...(version !== undefined && { version }),
      ...('error' in outcome && { error: outcome.error }),
      ...((spec.cache || cache_miss !== undefined) && {
        cache: 'miss',
        ...(cache_miss !== undefined && { cache_miss }),
      }),
      ...(outcome.status === 'succeeded' && answerOf(outcome)),
    }
  }

  return { context: watched, report }
}

function answerOf({ output, files, cached, saved_usd }: Extract<CallOutcome, { status: 'succeeded' }>) {
  return { output, files, ...(cached && { cache: 'hit' as const, saved_usd: saved_usd ?? null }) }
}

function earlierAttempt({ spec, context }: Work, { call, candidate, settled, ...rest }: PriorAttempt): AttemptReport {
  const { status, error, latency_ms, cost_usd, answer_usd } = settled
  const { intended_at, id, target, model, version } = rest
  return {
    ...{ id: callId(context.labels, call), agent: spec.chain[candidate]?.name ?? '', target, model },
    ...(version !== undefined && { version }),
    ...(id !== undefined && { prediction_id: id }),
    ...{ time: intended_at + latency_ms, status, sent: true, earlier: true, latency_ms, waiting_ms: 0, cost_usd },
    ...(error && { error }),
    ...(answer_usd !== undefined && { answer_usd }),
  }
}

/** Of what was let through; undefined: nothing stood in its way. */
function breakerState({ breakers }: Work, candidate: Candidate): 'closed' | 'half_open' | undefined {
  const guards = breakers.of(candidate)
  if (guards.length === 0) return undefined
  return guards.some(({ breaker }) => breaker.why() !== undefined) ? 'half_open' : 'closed'
}
