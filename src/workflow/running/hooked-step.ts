/** Takes a step, item or round through the hooks for steps, where there are any. */
import { isCalledOff, ReplicateAgentError, toErrorData } from '../../domain/errors.ts'
import type { WorkRef } from '../../domain/events.ts'
import type { HookedStep } from '../../domain/step-hooks.ts'
import { abortReason } from '../../std/abort.ts'
import type { JsonObject } from '../../std/json.ts'
import type { PlanStep } from '../plan.ts'
import type { Once, Result, WorkParts } from './work.ts'

/** `isEntered`: those before it have let it through already. */
export async function throughHooks(
  parts: WorkParts,
  step: PlanStep,
  ref: WorkRef,
  rendered: JsonObject,
  signal: AbortSignal,
  perform: (input: JsonObject) => Promise<Once>,
  isEntered = false,
): Promise<Once> {
  const { hooks, state, plan } = parts
  if (!hooks) return perform(rendered)
  const hooked: HookedStep = {
    ...{ run_id: state.run_id, run_attempt: state.attempt, workflow: plan.definition.name, ...ref },
    ...{ kind: step.definition.action.kind, input: rendered },
  }
  let input: JsonObject
  try {
    input = isEntered ? rendered : await hooks.pre(hooked, signal)
  } catch (error) {
    return ended(error, signal, {})
  }
  const once = await perform(input)
  if (once.kind !== 'done') return once
  try {
    const output = await hooks.post({ ...hooked, input }, once.result.output ?? null, signal)
    return { kind: 'done', result: { ...once.result, output } }
  } catch (error) {
    const { output: _output, files: _files, ...result } = once.result
    return ended(error, signal, result)
  }
}

/** What was done is paid for, whatever becomes of it. Throws what is no end of the step. */
function ended(error: unknown, signal: AbortSignal, result: Omit<Result, 'status'>): Once {
  if (signal.aborted) {
    const reason = abortReason(signal)
    if (!isCalledOff(reason)) throw reason
    return { kind: 'ended', end: { ...result, status: 'cancelled' } }
  }
  if (!(error instanceof ReplicateAgentError)) throw error
  return { kind: 'ended', end: { ...result, status: 'failed', error: toErrorData(error) } }
}
