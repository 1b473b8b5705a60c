/** Settlements of work that was never called, or came to nothing. */
import { type ErrorData, NonRetryableError, toErrorData } from '../../domain/errors.ts'
import type { EventOf, WorkRef } from '../../domain/events.ts'
import type { Gate } from './gate.ts'
import { type RunState, workOf } from '../state.ts'

type Settled = EventOf<'step.settled'>

/** Cancelled, with what it cost so far. */
export function cancelledWork(state: RunState, ref: WorkRef, error?: ErrorData): Settled {
  const event = { ...ending(state, ref), status: 'cancelled' as const }
  return error ? { ...event, error } : event
}

/** Failed by what was thrown before anything was called. */
export function failedWork(state: RunState, ref: WorkRef, thrown: unknown): Settled {
  return { ...ending(state, ref), status: 'failed', error: { ...toErrorData(thrown), step: ref.step } }
}

/** A step or item that its gate did not let begin. */
export function notBegun(state: RunState, ref: WorkRef, gate: Exclude<Gate, { open: true }>): Settled {
  const event = ending(state, ref)
  if (gate.status === 'failed') return { ...event, status: 'failed', error: { ...gate.error, step: ref.step } }
  return { ...event, status: 'skipped', reason: gate.reason, skipped_by: gate.by }
}

export function waitsInFinally(state: RunState, ref: WorkRef): Settled {
  const message = 'a nested run waits for an approval, which `finally` steps can not do'
  return failedWork(state, ref, new NonRetryableError('step_failed', message))
}

function ending(state: RunState, ref: WorkRef): Omit<Settled, 'status'> {
  const work = workOf(state, ref)
  const { step, index } = ref
  return {
    type: 'step.settled',
    step,
    ...(index !== undefined && { index }),
    attempts: work?.attempts ?? 0,
    latency_ms: 0,
    cost_usd: work?.cost_usd ?? 0,
  }
}
