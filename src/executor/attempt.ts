/** One attempt at one candidate: guard every create, call the target, hold the output against its schema. */
import { isCalledOff, type ReplicateAgentError, StoreError, TimeoutError } from '../domain/errors.ts'
import { abortReason } from '../std/abort.ts'
import type { RoutingDecision } from '../domain/routing.ts'
import type { Clock } from '../std/clock.ts'
import type { JsonObject, Json } from '../std/json.ts'
import type { Random } from '../std/random.ts'
import type { Candidate, OpenCall, Target, TargetContext, TargetResult } from '../targets/target.ts'
import { admissionOf } from './admission.ts'
import type { Purse } from './reservation.ts'
import type { CallContext, CallFact } from './contract.ts'
import { asFailure, costOf, isRefusal, isUnanswered } from './failure.ts'
import { trackedRecorder, type TrackedRecorder } from './recorder.ts'
import { assertInput } from './resilience/input-schema.ts'
import { fitOutput } from './resilience/output-schema.ts'
import type { BudgetAccounts } from './resilience/budget/accounts.ts'
import type { CallGate } from './resilience/limits/call-limits.ts'
import { type AttemptTime, withGrace } from './resilience/retry/timeout.ts'

/** Milliseconds that a target has to cancel what it began, before nobody waits for it any more. */
const graceMs = 10_000

export interface AttemptParts {
  clock: Clock
  random: Random
  target: Target
  /** What holds it back; undefined: nothing. */
  gate: CallGate | undefined
  accounts: BudgetAccounts | undefined
  purse: Purse
  candidate: Candidate
  position: number
  /** Defaults merged in. */
  input: JsonObject
  output_schema: JsonObject | undefined
  context: CallContext
  deadline: AttemptTime
  call: number
  /** Told when the create is let go. */
  sent?: () => void
  open: OpenCall | undefined
  decided(): RoutingDecision | undefined
  missed(): CallFact | undefined
  ids: ReadonlySet<string>
  /** Asked when all has been waited for. Throws CircuitOpenError. */
  permitted(): Promise<void> | undefined
}

export type AttemptEnd = (
  | { status: 'succeeded'; result: TargetResult; output: Json; cost_usd: number | null }
  | { status: 'failed'; failure: ReplicateAgentError; cost_usd: number | null }
  /** Called off: cancelled or timed out. */
  | { status: 'aborted'; reason: Error; cost_usd: number | null }
) & {
  /** What was sent, and perhaps its id, should it be unanswered. */
  open: OpenCall | undefined
  /** Milliseconds from the create to the end; undefined: nothing was sent, or by another attempt. */
  took_ms: number | undefined
}

/** Rejects when a fact could not be recorded or a file not be kept, and with the reason of a signal that only abandons the work. */
export async function attempt(parts: AttemptParts): Promise<AttemptEnd> {
  const { clock, candidate } = parts
  const { signal } = parts.deadline
  const admission = admissionOf(parts)
  const recorder = trackedRecorder({
    ...parts,
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    async admit() {
      const began = clock.monotonic()
      parts.deadline.hold()
      try {
        const reserved = await admission.admit()
        const asking = parts.permitted()
        if (asking) await asking
        parts.deadline.go()
        parts.sent?.()
        return reserved
      } finally {
        parts.context.waited?.(clock.monotonic() - began)
      }
    },
  })
  let spent: number | null = 0
  let tokens: number | undefined
  let isOpen = false
  const how = () => {
    const sent = parts.open ? undefined : recorder.sent()
    return { open: recorder.open(), took_ms: sent === undefined ? undefined : Math.round(clock.monotonic() - sent) }
  }
  try {
    // What was sent before is not judged again.
    if (!parts.open) assertInput(candidate, parts.input)
    await admission.takeUp()
    const made = parts.target.call(candidate, parts.input, targetContext(parts, recorder))
    const result = await withGrace(made, signal, clock, graceMs)
    spent = result.cost_usd
    tokens = result.tokens
    const output = fitOutput(result.output, parts.output_schema)
    return { status: 'succeeded', result, output, cost_usd: spent, ...how() }
  } catch (thrown) {
    const isSent = recorder.open() !== undefined
    const abandoned = whyAbandoned(recorder.broken(), thrown, signal)
    if (abandoned) {
      // It stays open, and may be spent.
      if (isSent) spent = null
      throw abandoned.error
    }
    const failure = asFailure(thrown)
    // An output that does not fit was paid for all the same.
    spent = failure.code === 'invalid_output' ? spent : costOf(failure)
    isOpen = isUnanswered(failure)
    if (isRefusal(failure) && isSent) await recorder.refused()
    if (!signal.aborted) return { status: 'failed', failure, cost_usd: spent, ...how() }
    const reason = abortReason(signal)
    if (thrown === reason && isSent) spent = null
    if (parts.deadline.isOwn(reason)) {
      // What may still run there is looked for before anything is made anew.
      isOpen ||= thrown === reason && isSent && !parts.target.idempotent
      return { status: 'failed', failure: late(reason, failure, spent, isOpen), cost_usd: spent, ...how() }
    }
    return { status: 'aborted', reason, cost_usd: spent, ...how() }
  } finally {
    admission.release(spent, { isOpen, tokens })
  }
}

/** What ends the whole work; undefined: the call itself has failed, or was called off. */
function whyAbandoned(broken: unknown, thrown: unknown, signal: AbortSignal): { error: unknown } | undefined {
  if (broken !== undefined) return { error: broken }
  // A store that can't keep a file is no failure of the call: another one would not help.
  if (thrown instanceof StoreError) return { error: thrown }
  const reason = signal.aborted ? abortReason(signal) : undefined
  return reason && !isCalledOff(reason) ? { error: reason } : undefined
}

function targetContext(parts: AttemptParts, record: TrackedRecorder): TargetContext {
  const { clock, random, context, deadline, gate, call, open } = parts
  return {
    ...{ signal: deadline.signal, clock, random, record, files: context.files },
    ...(open && { open }),
    versionOf: (model) => context.versionOf(model),
    deadline: () => deadline.at,
    mask: (value) => context.mask(value),
    progress: (news) => context.progress({ call, ...news }),
    labels: context.labels,
    ...(gate?.counts.tokens && { counts_tokens: true }),
  }
}

/** Its own time was up, not that of the call. */
function late(reason: Error, failure: ReplicateAgentError, cost_usd: number | null, isOpen: boolean): TimeoutError {
  return new TimeoutError(reason.message, {
    cause: failure === reason ? undefined : failure,
    hint: 'raise `retry.attempt_timeout`',
    details: { ...failure.details, cost_usd, ...(isOpen && { unanswered: true }) },
  })
}
