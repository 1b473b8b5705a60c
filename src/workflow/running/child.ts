/** The nested run of a `workflow` step: made, gone on with, and made again when it failed. */
import { isResumable } from '../../domain/budget.ts'
import { CancelledError, type ErrorData, TimeoutError, toErrorData } from '../../domain/errors.ts'
import type { WorkRef } from '../../domain/events.ts'
import { defaultRetry, retryOver, type RetryPolicy } from '../../domain/retry-policy.ts'
import { formatDuration } from '../../std/duration.ts'
import type { JsonObject } from '../../std/json.ts'
import type { PlanStep } from '../plan.ts'
import { addCost, type RunState, type WorkState, workOf } from '../state.ts'
import type { ChildEnd, Once, WorkParts } from './work.ts'

/** By when a piece of work has to be over, epoch milliseconds; undefined: nobody says. */
export function deadlineOf({ deadline }: WorkParts, step: PlanStep): number | undefined {
  return step.group === 'finally' ? undefined : deadline
}

export async function performChild(
  parts: WorkParts,
  step: PlanStep,
  ref: WorkRef,
  workflow: string,
  inputs: JsonObject,
  signal: AbortSignal,
): Promise<Once> {
  const retry = step.definition.retry && retryOver(defaultRetry, step.definition.retry)
  const timer = timerOf(parts, step)
  const within = AbortSignal.any([signal, timer.signal])
  const work = workOf(parts.state, ref) as WorkState
  // A nested run that goes on says what it cost in all: what its step has counted of that counts once.
  let cost_usd: number | null = work.rounds.length === 0 && work.cost_usd !== null ? -work.cost_usd : 0
  const ended = (status: 'failed' | 'cancelled', error?: ErrorData): Once => {
    return { kind: 'ended', end: { status, cost_usd, ...(error && { error }) } }
  }
  try {
    for (let attempt = 1; ; attempt += 1) {
      const end = await childAttempt(
        parts,
        ref,
        { workflow, inputs, deadline: timer.deadline, signal: within },
        attempt,
      )
      if (end.status === 'waiting') return waitingChild(end)
      cost_usd = addCost(cost_usd, end.cost_usd)
      if (end.status === 'succeeded') {
        const { outputs: output, files } = end
        return { kind: 'done', result: { status: 'succeeded', output, files, cost_usd } }
      }
      if (signal.aborted) return ended('cancelled')
      if (timer.signal.aborted) return ended('failed', toErrorData(timer.signal.reason))
      if (isResumable(end.error)) return { kind: 'stopped', facts: [], error: end.error, cost_usd }
      const delay = delayBefore(parts, retry, attempt, timer.deadline)
      if (delay === undefined) return ended('failed', end.error)
      await parts.clock.sleep(delay, within).catch(() => {})
      if (signal.aborted) return ended('cancelled')
    }
  } finally {
    timer.end()
  }
}

/** The step's own time. */
function timerOf(parts: WorkParts, step: PlanStep) {
  const { timeout_ms: timeout } = step.definition
  const outer = deadlineOf(parts, step)
  const timer = new AbortController()
  if (timeout === undefined) return { signal: timer.signal, deadline: outer, end: () => {} }
  parts.clock.sleep(timeout, timer.signal).then(
    () => timer.abort(new TimeoutError(`the child run took longer than its timeout of ${formatDuration(timeout)}`)),
    () => {},
  )
  const deadline = Math.min(outer ?? Number.POSITIVE_INFINITY, parts.clock.now() + timeout)
  return { signal: timer.signal, deadline, end: () => timer.abort(new CancelledError('over')) }
}

/** A failed child counts as an `exception`: what failed inside it has had its own retries. Undefined: it is not made again. */
function delayBefore(
  { backoff, clock }: WorkParts,
  retry: RetryPolicy | undefined,
  made: number,
  deadline: number | undefined,
): number | undefined {
  if (!retry || made >= retry.attempts || !retry.on.includes('exception')) return undefined
  const delay = backoff(retry, made)
  return deadline !== undefined && clock.now() + delay >= deadline ? undefined : delay
}

async function childAttempt(
  parts: WorkParts,
  ref: WorkRef,
  call: { workflow: string; inputs: JsonObject; deadline: number | undefined; signal: AbortSignal },
  attempt: number,
): Promise<ChildEnd> {
  const { deadline, ...given } = call
  const work = workOf(parts.state, ref) as WorkState
  const retry = work.retries_nested === true && attempt === 1
  const childId = retry ? (work.child_run_id as string) : childRunId(parts.state, ref, attempt)
  if (work.child_run_id !== childId) await parts.journal.write({ type: 'child.started', ...ref, run_id: childId })
  return parts.runChild({ ref, childId, retry, ...given, ...(deadline !== undefined && { deadline }) })
}

/** The same piece of work has the same child, so that a resume finds it again. */
export function childRunId(state: RunState, ref: WorkRef, attempt: number): string {
  const parts = [state.run_id, ref.step]
  if (ref.index !== undefined) parts.push(String(ref.index))
  let id = parts.join('.')
  if (ref.round !== undefined) id += `-round${ref.round}`
  if (state.attempt > 1) id += `-retry${state.attempt}`
  if (attempt > 1) id += `-try${attempt}`
  return id
}

function waitingChild(end: Extract<ChildEnd, { status: 'waiting' }>): Once {
  if (end.waiting_for === 'approval') return { kind: 'parked' }
  return end.error ? { kind: 'stopped', facts: [], error: end.error } : { kind: 'paused' }
}
