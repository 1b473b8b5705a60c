/** How a run ends: its status, its error, its outputs. */
import { NonRetryableError, toErrorData, type ErrorData } from '../../domain/errors.ts'
import type { JsonObject } from '../../std/json.ts'
import { evaluation } from './gate.ts'
import type { Plan } from '../plan.ts'
import { type ScopeParts, scopeOfTemplates } from './scope.ts'
import type { RunState } from '../state.ts'
import { renderTemplate } from '../template.ts'

/** What the steps came to, once nothing of them is in flight (ruling 9). */
export function statusOfSteps(plan: Plan, state: RunState): 'succeeded' | 'failed' | 'cancelled' {
  if (state.cancelling) return 'cancelled'
  if (state.timed_out_ms !== undefined || state.stopping || failedStep(plan, state)) return 'failed'
  return 'succeeded'
}

/** The first step, in the order of the definition, that makes the run fail. */
function failedStep(plan: Plan, state: RunState): string | undefined {
  for (const [id, step] of plan.steps) {
    if (state.steps.get(id)?.status === 'failed' && step.definition.on_error === 'fail') return id
  }
  return undefined
}

export interface Conclusion {
  status: 'succeeded' | 'failed' | 'cancelled'
  outputs: JsonObject
  error?: ErrorData
}

/**
 * The end of a run whose `finally` is over. A finally step that failed makes the run fail (ruling 14). Outputs that
 * never came to be are left out of a run that did not succeed.
 */
export function concludeRun(parts: ScopeParts, now: number): Conclusion {
  const { plan, state } = parts
  const status = state.finalising ?? statusOfSteps(plan, state)
  const error = errorOf(plan, state)
  const { outputs, failed } = renderOutputs(parts, now)
  if (status !== 'succeeded') for (const name of Object.keys(outputs)) if (outputs[name] === null) delete outputs[name]
  if (status === 'cancelled') return { status, outputs, error: error ?? cancelledError() }
  if (error) return { status: 'failed', outputs, error }
  return failed ? { status: 'failed', outputs, error: failed } : { status: 'succeeded', outputs }
}

function errorOf(plan: Plan, state: RunState): ErrorData | undefined {
  if (state.cancelling || state.finalising === 'cancelled') return cancelledError()
  if (state.stopping) return state.stopping
  if (state.timed_out_ms !== undefined) {
    const message = `the workflow took longer than its timeout of ${state.timed_out_ms} ms`
    return { code: 'timeout', message, retryable: true, hint: 'raise `timeout`, then go on with `runs resume`' }
  }
  const id = failedStep(plan, state)
  if (id === undefined) return undefined
  const cause = state.steps.get(id)?.error
  const error: ErrorData = {
    code: 'step_failed',
    message: `step "${id}" failed: ${cause?.message ?? 'no reason was given'}`,
    retryable: cause?.retryable ?? false,
    step: id,
    details: { code: cause?.code ?? 'internal' },
  }
  if (cause?.hint !== undefined) error.hint = cause.hint
  return error
}

function cancelledError(): ErrorData {
  return toErrorData(
    new NonRetryableError('cancelled', 'the run was cancelled', {
      hint: '`runs resume` goes on with what was not finished',
    }),
  )
}

/** What can be rendered is, also of a run that failed; the first error counts only when nothing else went wrong. */
function renderOutputs(parts: ScopeParts, now: number): { outputs: JsonObject; failed?: ErrorData } {
  const outputs: JsonObject = {}
  let failed: ErrorData | undefined
  const scope = scopeOfTemplates(parts, parts.plan.outputs.values())
  for (const [name, template] of parts.plan.outputs) {
    try {
      outputs[name] = renderTemplate(template, scope, evaluation(parts.state, now))
    } catch (error) {
      const data = toErrorData(error)
      failed ??= { ...data, message: `output "${name}": ${data.message}` }
    }
  }
  return failed ? { outputs, failed } : { outputs }
}
