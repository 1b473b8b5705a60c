/** What the journal of one run says of decisions: each with what came of it, in the order in which they were made. */
import type { EventOf, RunEvent, WorkRef } from '../../domain/events.ts'
import type { RoutingDecision } from '../../domain/routing.ts'
import type { LogEntry } from './entry.ts'

interface Open {
  time: number
  decision: RoutingDecision
  settled?: EventOf<'call.settled'>
}

export class RunDecisions {
  readonly #calls = new Map<string, Open>()
  readonly #feedback = new Map<string, number>()

  /** Takes the events of a run in order. */
  take(event: RunEvent): void {
    if (event.type === 'call.routed') this.#calls.set(keyOf(event), { time: event.time, decision: event.decision })
    if (event.type === 'feedback.given') this.#feedback.set(event.decision, event.score)
    if (event.type !== 'call.settled') return
    // One that was given up may be taken up again: its last word counts.
    const call = this.#calls.get(keyOf(event))
    if (call) call.settled = event
  }

  /** Undefined in place of what was not settled. */
  *entries(): Generator<{ agent: string; time: number; entry: LogEntry | undefined }> {
    for (const { time, decision, settled } of this.#calls.values())
      yield { agent: decision.agent, time, entry: settled && this.#entry(time, decision, settled) }
  }

  #entry(time: number, decision: RoutingDecision, settled: EventOf<'call.settled'>): LogEntry {
    const { status, error, latency_ms, cost_usd } = settled
    const quality = this.#feedback.get(decision.id) ?? settled.quality?.score ?? null
    return {
      ...{ v: 1, time, decision },
      outcome: { status, ...(error && { error: error.code }), quality, latency_ms: Math.max(0, latency_ms), cost_usd },
    }
  }
}

function keyOf({ step, index, round, call }: WorkRef & { call: number }): string {
  return JSON.stringify([step, index, round, call])
}
