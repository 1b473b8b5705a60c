/** Whether a step (or an item) may begin: its needs, unless its condition replaces them (rulings 9 to 12). */
import { type EvaluateContext, evaluateExpression, truthy } from '../../expression/evaluate.ts'
import { type ErrorData, toErrorData } from '../../domain/errors.ts'
import type { Plan, PlanStep } from '../plan.ts'
import type { Scope } from './scope.ts'
import type { RunState } from '../state.ts'

export type Gate =
  | { open: true }
  | { open: false; status: 'skipped'; by: 'condition' | 'needs'; reason: string }
  | { open: false; status: 'failed'; error: ErrorData }

/** The gate of a step whose needs are all settled. A condition that is judged per item is left to `judgeItem`. */
export function judgeStep(plan: Plan, state: RunState, step: PlanStep, scope: () => Scope, now: number): Gate {
  const { condition } = step
  if (!condition?.replacesGate) {
    const unmet = unmetNeed(plan, state, step)
    if (unmet) return { open: false, status: 'skipped', by: 'needs', reason: unmet }
  }
  if (!condition || condition.perItem) return { open: true }
  return judgeCondition(step, state, scope(), now)
}

export function judgeCondition(step: PlanStep, state: RunState, scope: Scope, now: number): Gate {
  const expression = step.condition?.expression
  if (!expression) return { open: true }
  try {
    const met = truthy(evaluateExpression(expression, scope, evaluation(state, now)))
    return met
      ? { open: true }
      : { open: false, status: 'skipped', by: 'condition', reason: `its condition is false: ${expression.source}` }
  } catch (error) {
    return { open: false, status: 'failed', error: toErrorData(error) }
  }
}

/** What expressions of a step may ask besides their scope. */
export function evaluation(state: RunState, now: number): EvaluateContext {
  return {
    now,
    status: (fn, step) => {
      if (fn === 'always') return true
      return step !== undefined && (state.steps.get(step)?.status ?? 'skipped') === fn
    },
  }
}

/** Why the implicit gate is closed. A need that failed with `on_error: continue` counts as done (ruling 10). */
function unmetNeed(plan: Plan, state: RunState, step: PlanStep): string | undefined {
  for (const { id } of step.needs) {
    const need = plan.steps.get(id)
    // What a finally step reads of the run never holds it back.
    if (!need || (step.group === 'finally' && need.group === 'steps')) continue
    const status = state.steps.get(id)?.status
    if (status === 'succeeded' || (status === 'failed' && need.definition.on_error === 'continue')) continue
    return status === 'failed' ? `"${id}" failed` : `"${id}" was ${status ?? 'never run'}`
  }
  return undefined
}
