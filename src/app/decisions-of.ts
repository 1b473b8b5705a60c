/** The decisions that led to the calls of a step, with what came of each, from the journal. */
import type { z } from 'zod'
import type { EventOf, RunEvent, WorkRef } from '../domain/events.ts'
import { defined } from '../std/defined.ts'
import type { madeDecisionShape } from './actions/router/why.ts'

export type MadeDecision = z.output<typeof madeDecisionShape>
type Call = MadeDecision['calls'][number]

/** `index`: of one item of a foreach only. */
export function decisionsOf(
  events: readonly RunEvent[],
  wanted: { step: string; index?: number },
): { decisions: MadeDecision[]; calls: number } {
  const decisions: MadeDecision[] = []
  /** By piece of work: the decision that its calls follow from. */
  const current = new Map<string, MadeDecision>()
  const calls = new Map<string, Call>()
  let made = 0
  for (const event of events) {
    if (!('step' in event) || event.step !== wanted.step) continue
    const { index } = event as WorkRef
    if (wanted.index !== undefined && index !== wanted.index) continue
    const work = String(index ?? '')
    switch (event.type) {
      case 'step.started':
      case 'round.settled':
        current.delete(work)
        break
      case 'call.routed': {
        const decision = decisionIn(event, event.time)
        decisions.push(decision)
        current.set(work, decision)
        break
      }
      case 'call.intended': {
        const call: Call = { call: event.call, status: 'running', model: modelIn(event) }
        // The same call may be intended again: its first create was found to be lost.
        if (!calls.has(`${work} ${event.call}`)) made += 1
        calls.set(`${work} ${event.call}`, call)
        addCall(current.get(work), call)
        break
      }
      case 'call.settled': {
        const known = calls.get(`${work} ${event.call}`)
        const call = known ?? { call: event.call, status: 'running', model: current.get(work)?.chosen ?? '' }
        if (!known) addCall(current.get(work), call)
        settle(call, event)
        break
      }
      case 'feedback.given':
        decisions
          .find(({ id }) => id === event.decision)
          ?.feedback.push({ score: event.score, by: event.by, time: timeText(event.time) })
        break
      default:
    }
  }
  // Items of a foreach run at the same time: each one's decisions stay together.
  return { decisions: decisions.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0)), calls: made }
}

function addCall(decision: MadeDecision | undefined, call: Call): void {
  if (!decision) return
  const at = decision.calls.findIndex((known) => known.call === call.call)
  if (at < 0) decision.calls.push(call)
  else decision.calls[at] = call
}

function decisionIn({ decision, index, round }: EventOf<'call.routed'>, time: number): MadeDecision {
  const { id, agent, strategy, context, chosen, candidates } = decision
  const told = candidates.map(({ candidate, ...one }) => ({ ...defined(one), chosen: candidate === chosen }))
  const model = told.find((one) => one.chosen)?.model ?? ''
  return {
    ...{ id, time: timeText(time), ...defined({ index, round }) },
    ...{ agent, strategy, context, chosen: model, candidates: told, calls: [], feedback: [] },
  }
}

function modelIn({ model, version }: EventOf<'call.intended'>): string {
  return version === undefined || model.includes(':') ? model : `${model}:${version}`
}

function settle(call: Call, event: EventOf<'call.settled'>): void {
  const { status, latency_ms, cost_usd, error, quality } = event
  Object.assign(call, { status, latency_ms, cost_usd })
  if (quality) call.quality = { score: quality.score, by: quality.by }
  if (error) call.error = { code: error.code, message: error.message }
}

function timeText(time: number): string {
  return new Date(time).toISOString()
}
