/** What someone thinks of a step's answer, in the journal of its run; days later, if need be. */
import { UsageError } from '../domain/errors.ts'
import type { EventOf, RunEvent, WorkRef } from '../domain/events.ts'
import type { RoutingDecision } from '../domain/routing.ts'
import { type EngineParts, isDriven, takeRun } from './running/hold.ts'

/** The call that gave a step its answer, and how it was chosen. */
export interface RatedCall {
  ref: WorkRef
  call: number
  /** Position in the chain of the call. */
  candidate: number
  /** What was called, `owner/name`. */
  model: string
  version?: string
  /** Absent: there was one candidate, so nothing was decided. */
  decision?: RoutingDecision
}

/**
 * The last call of a step (or of an item of it) that was answered; of a `repeat`, in its last round. Throws UsageError when
 * there is none, or when it takes an item to say which.
 */
export function ratedCall(events: readonly RunEvent[], step: string, index?: number): RatedCall {
  const ofStep = events.filter((event) => isOfWork(event) && event.step === step) as WorkEvent[]
  let decision: RoutingDecision | undefined
  let intent: EventOf<'call.intended'> | undefined
  let rated: RatedCall | undefined
  for (const event of ofStep) {
    if (event.index !== index) continue
    if (event.type === 'call.routed') decision = event.decision
    else if (event.type === 'call.intended') intent = event
    else if (event.type === 'call.settled' && event.status === 'succeeded' && intent?.call === event.call)
      rated = ratedOf(intent, decision)
  }
  if (rated) return rated
  const items = new Set(ofStep.flatMap((event) => event.index ?? []))
  if (index === undefined && items.size > 0)
    throw new UsageError(`"${step}" ran once for each of ${items.size} items`, { hint: 'say which with --index' })
  throw new UsageError(`no call of "${step}"${index === undefined ? '' : `[${index}]`} was answered`, {
    hint: 'what was cached, skipped or computed called nothing',
  })
}

type WorkEvent = Exclude<Extract<RunEvent, WorkRef>, { type: 'foreach.expanded' }>

function isOfWork(event: RunEvent): event is WorkEvent {
  return 'step' in event && event.type !== 'foreach.expanded'
}

function ratedOf(intent: EventOf<'call.intended'>, decision: RoutingDecision | undefined): RatedCall {
  const { step, index, round, call, candidate, model, version } = intent
  const rated: RatedCall = { ref: { step }, call, candidate, model }
  if (index !== undefined) rated.ref.index = index
  if (round !== undefined) rated.ref.round = round
  if (version !== undefined) rated.version = version
  // One that chose another candidate was followed by a choice without alternative.
  if (decision?.chosen === candidate) rated.decision = decision
  return rated
}

/** Journals a score, by way of the process that drives the run when there is one. */
export async function recordFeedback(
  parts: EngineParts,
  runId: string,
  feedback: Omit<EventOf<'feedback.given'>, 'type'>,
): Promise<void> {
  if (isDriven(parts, await parts.store.getLease(runId)))
    return parts.store.sendCommand(runId, { type: 'feedback', ...feedback })
  const held = await takeRun(parts, runId, {}, { withoutSecrets: true })
  try {
    const event: RunEvent = { seq: held.state.seq + 1, time: parts.clock.now(), type: 'feedback.given', ...feedback }
    await parts.store.append(held.lease, [event])
  } finally {
    await parts.store.releaseLease(held.lease)
  }
}
