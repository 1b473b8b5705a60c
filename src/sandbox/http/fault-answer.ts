/** The answers that faults give in place of the real ones. */
import type { SandboxContext } from '../context.ts'
import type { Fault, Occasion } from '../faults/fault.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import { type Answer, notFound, problem, throttled } from './answer.ts'

/** When nothing was done. */
export function refusal(fault: Fault): Answer | undefined {
  if (fault.kind === 'dead') return notFound()
  if (fault.kind === 'drop') return fault.when === 'before' ? { kind: 'cut' } : undefined
  if (fault.kind !== 'status') return undefined
  if (fault.retryAfterS !== undefined) return throttled(fault.status, fault.retryAfterS)
  return problem(fault.status, 'Injected by the sandbox')
}

/** When it was done all the same. */
export function spoiltAnswer(fault: Fault): Answer | undefined {
  if (fault.kind === 'drop') return fault.when === 'after' ? { kind: 'cut' } : undefined
  if (fault.kind !== 'garbled') return undefined
  const bytes = Buffer.from('<!doctype html><title>Bad gateway</title><p>Injected by the sandbox')
  return { kind: 'bytes', status: 200, mediaType: 'text/html; charset=utf-8', bytes }
}

/** The fault that strikes a request for a prediction that there is. */
export function strikeOn(context: SandboxContext, on: Occasion, row: PredictionRow): Fault | undefined {
  return context.injector.strike(on, row.model, row.input_key, row.id)
}
