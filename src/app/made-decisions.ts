/** The decisions that led to the calls of a step, with what came of each, from the journal. */
import { z } from 'zod'
import type { EventOf, RunEvent, RunEventBody, WorkRef } from '../domain/events.ts'
import { defined } from '../std/defined.ts'
import { decisionShape, weighedShape } from './routing-shapes.ts'

export const madeDecisionShape = z.object({
  id: z.string(),
  time: z.iso.datetime(),
  index: z.number().optional(),
  round: z.number().optional(),
  ...decisionShape.shape,
  chosen: z.string(),
  candidates: z.array(weighedShape),
  /** What came of it: the attempts at the chosen candidate. */
  calls: z.array(
    z.object({
      call: z.number(),
      status: z.enum(['running', 'succeeded', 'failed', 'cancelled', 'abandoned']),
      model: z.string(),
      latency_ms: z.number().optional(),
      cost_usd: z.number().nullable().optional(),
      quality: z.object({ score: z.number().nullable(), by: z.string() }).optional(),
      error: z.object({ code: z.string(), message: z.string() }).optional(),
    }),
  ),
  /** What people thought of it later. */
  feedback: z.array(z.object({ score: z.number(), by: z.string(), time: z.iso.datetime() })),
})

type MadeDecision = z.output<typeof madeDecisionShape>
type Call = MadeDecision['calls'][number]
type Told = Extract<RunEventBody, WorkRef>['type']

/** `index`: of one item of a foreach only. */
export function madeDecisions(
  events: readonly RunEvent[],
  wanted: { step: string; index?: number },
): { decisions: MadeDecision[]; calls: number } {
  const decisions: MadeDecision[] = []
  /** By piece of work: the decision that its calls follow from. */
  const current = new Map<string, MadeDecision>()
  const calls = new Map<string, Call>()

  function callOf(work: string, number: number, model: string): Call {
    const key = `${work} ${number}`
    const known = calls.get(key)
    if (known) return known
    const call: Call = { call: number, status: 'running', model }
    calls.set(key, call)
    current.get(work)?.calls.push(call)
    return call
  }

  const readers: { [T in Told]?: (event: Extract<RunEvent, { type: T }>, work: string) => void } = {
    'step.started': (_event, work) => leave(work),
    'round.settled': (_event, work) => leave(work),
    'call.routed': (event, work) => {
      const decision = decisionIn(event, event.time)
      decisions.push(decision)
      current.set(work, decision)
    },
    'call.intended': (event, work) => {
      // The same call may be intended again: its first create was found to be lost.
      callOf(work, event.call, modelIn(event)).model = modelIn(event)
    },
    'call.settled': (event, work) => settle(callOf(work, event.call, current.get(work)?.chosen ?? ''), event),
    'feedback.given': ({ decision, score, by, time }) => {
      const rated = decisions.find(({ id }) => id === decision)
      rated?.feedback.push({ score, by, time: timeText(time) })
    },
  }

  let made = 0
  /** Calls of the next round, or of a retry, are numbered anew. */
  function leave(work: string): void {
    current.delete(work)
    for (const key of calls.keys()) {
      if (!key.startsWith(`${work} `)) continue
      calls.delete(key)
      made += 1
    }
  }

  for (const event of events) {
    if (!('step' in event) || event.step !== wanted.step) continue
    const { index } = event as WorkRef
    if (wanted.index !== undefined && index !== wanted.index) continue
    const read = readers[event.type] as ((event: RunEvent, work: string) => void) | undefined
    read?.(event, String(index ?? ''))
  }
  // Items of a foreach run at the same time: each one's decisions stay together.
  return { decisions: decisions.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0)), calls: made + calls.size }
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
