/** Questions to a person: asked, answered, expired (ruling 15). Pure: gives the events that follow. */
import { NonRetryableError, toErrorData } from '../../domain/errors.ts'
import type { EventOf, RunCommand, WorkRef } from '../../domain/events.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { evaluation } from './gate.ts'
import { checkInputs } from '../inputs.ts'
import type { Plan, PlanStep } from '../plan.ts'
import type { Scope } from './scope.ts'
import { throughHooks } from './hooked-step.ts'
import { isSettled, type RunState, waitsForAnswer, type WorkState, workOf } from '../state.ts'
import type { Once, WorkParts } from './work.ts'
import { renderTemplate } from '../template.ts'

type Answer = NonNullable<NonNullable<WorkState['approval']>['answer']>
type Ended = EventOf<'step.settled'> | EventOf<'approval.answered'>

/** The question of a step or item. Throws ExpressionError when its text can't be rendered. */
export function approvalOf(
  step: PlanStep,
  ref: WorkRef,
  scope: Scope,
  state: RunState,
  now: number,
): EventOf<'approval.requested'> {
  const { action } = step.definition
  if (action.kind !== 'approval') throw new NonRetryableError('internal', `"${step.id}" asks for no approval`)
  const message = step.message ? renderTemplate(step.message, scope, evaluation(state, now)) : action.approval.message
  const event: EventOf<'approval.requested'> = {
    type: 'approval.requested',
    ...ref,
    message: textOf(message),
    inputs: JSON.parse(JSON.stringify(action.approval.inputs)) as JsonObject,
  }
  if (action.approval.timeout_ms !== undefined) event.expires_at = now + action.approval.timeout_ms
  return event
}

function textOf(message: Json): string {
  return typeof message === 'string' ? message : JSON.stringify(message)
}

/** Every approval that still waits for its answer, in the order of asking. */
export function openApprovals(state: RunState): WorkRef[] {
  const open: WorkRef[] = []
  for (const [id, step] of state.steps) {
    if (isOpen(step)) open.push({ step: id })
    for (const [index, item] of step.items) if (isOpen(item)) open.push({ step: id, index })
  }
  return open
}

function isOpen(work: WorkState): boolean {
  return waitsForAnswer(work) && !isSettled(work)
}

/** Which waiting approval an answer is for. Throws UsageError-like errors that list the candidates. */
function answeredRef(state: RunState, command: { step: string; index?: number }): WorkRef | undefined {
  return openApprovals(state).find((ref) => ref.step === command.step && ref.index === command.index)
}

/** What follows from an answer; nothing when the question is no longer open, or the given inputs don't fit. */
export function answerApproval(
  plan: Plan,
  state: RunState,
  command: Extract<RunCommand, { type: 'answer' }>,
  now: number,
): Ended[] {
  const ref = answeredRef(state, command)
  const work = ref && workOf(state, ref)
  const action = plan.steps.get(command.step)?.definition.action
  if (!ref || !work?.approval || action?.kind !== 'approval') return []
  if (work.approval.expires_at !== undefined && now >= work.approval.expires_at) return expireApproval(state, ref, now)
  const checked = command.approved
    ? checkInputs(action.approval.inputs, command.inputs)
    : { ok: true as const, inputs: command.inputs }
  if (!checked.ok) return []
  const { approved, by } = command
  const answered: EventOf<'approval.answered'> = {
    type: 'approval.answered',
    ...ref,
    approved,
    inputs: checked.inputs,
    by,
  }
  const output = answerOutput({ approved, inputs: checked.inputs, by, at: now })
  const settled: EventOf<'step.settled'> = { ...ended(ref, work, now), status: 'succeeded', output: { value: output } }
  if (!approved) {
    const note = typeof command.inputs.reason === 'string' ? `: ${command.inputs.reason}` : ''
    settled.status = 'failed'
    settled.error = { ...toErrorData(new NonRetryableError('rejected', `rejected by ${by}${note}`)), step: ref.step }
  }
  return [answered, settled]
}

/** What the step gives to those after it. */
function answerOutput({ at, ...given }: Answer): Json {
  return { ...given, at: new Date(at).toISOString() }
}

/**
 * An approval that is hooked into: asked for when the hooks let it, and done when they have seen its answer, which the
 * journal knows by then.
 */
export async function performApproval(
  parts: WorkParts,
  step: PlanStep,
  ref: WorkRef,
  scope: Scope,
  signal: AbortSignal,
): Promise<Once> {
  const { state, clock } = parts
  const { answer, message } = workOf(state, ref)?.approval ?? {}
  const asked = message ?? approvalOf(step, ref, scope, state, clock.now()).message
  return throughHooks(
    parts,
    step,
    ref,
    { message: asked },
    signal,
    async (input) => {
      if (answer) return { kind: 'done', result: { status: 'succeeded', output: answerOutput(answer), cost_usd: 0 } }
      const event = approvalOf(step, ref, scope, state, clock.now())
      return { kind: 'asked', event: { ...event, message: textOf(input['message'] ?? null) } }
    },
    answer !== undefined,
  )
}

/** What follows when the time for an answer is over. */
export function expireApproval(state: RunState, ref: WorkRef, now: number): Ended[] {
  const work = workOf(state, ref)
  const expires = work?.approval?.expires_at
  if (!work || !isOpen(work) || expires === undefined || now < expires) return []
  const error = new NonRetryableError('approval_timeout', 'nobody answered in time', {
    hint: '`runs retry` asks again',
  })
  return [{ ...ended(ref, work, now), status: 'failed', error: { ...toErrorData(error), step: ref.step } }]
}

function ended(ref: WorkRef, work: WorkState, now: number): EventOf<'step.settled'> {
  const latency = Math.max(0, now - work.started_at)
  return { type: 'step.settled', ...ref, status: 'succeeded', attempts: 0, latency_ms: latency, cost_usd: 0 }
}
