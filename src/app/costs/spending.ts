/** What the journal of one run says of money: one entry for each call, however often it was tried to settle it. */
import type { CallStatus, EventOf, RunEvent, WorkRef } from '../../domain/events.ts'

export interface Spending {
  /** When it was settled; of what is open, when it was begun. Epoch milliseconds. */
  time: number
  /** Of the run at that time: says which agent a step calls. */
  definition_hash: string
  step: string
  /** `owner/name`, without a version; undefined: it is not in the journal. */
  model: string | undefined
  /** `open`: not settled; it may be in flight, or its process has died. */
  status: CallStatus | 'open' | 'cached'
  /** Dollars; null: unknown. Of what came from the cache: what it saved. */
  usd: number | null
}

type Intended = Pick<Spending, 'time' | 'definition_hash' | 'model'> & { step: string; settled?: Spending }

/** Takes the events of a run in order; gives entries as soon as they are final. Keeps only what is not. */
export class RunSpending {
  #definition = ''
  readonly #calls = new Map<string, Intended>()

  take(event: RunEvent): Spending | undefined {
    switch (event.type) {
      case 'run.created':
      case 'run.retried':
        this.#definition = event.definition_hash
        return undefined
      case 'call.intended':
        return this.#intended(event)
      case 'call.settled':
        return this.#settled(event)
      case 'step.settled':
      case 'round.settled':
        return this.#cached(event)
      default:
        return undefined
    }
  }

  /** What is left at the end of the journal. */
  *rest(): Generator<Spending> {
    for (const { settled, ...call } of this.#calls.values()) yield settled ?? { ...call, status: 'open', usd: null }
    this.#calls.clear()
  }

  #intended(event: EventOf<'call.intended'> & { time: number }): Spending | undefined {
    const key = keyOf(event)
    // Given up before: what it cost then stays, and this is another create.
    const before = this.#calls.get(key)?.settled
    const { time, step, model } = event
    this.#calls.set(key, { time, step, definition_hash: this.#definition, model: model.split(':')[0] })
    return before
  }

  #settled(event: EventOf<'call.settled'> & { time: number }): Spending | undefined {
    const { time, step, status } = event
    const key = keyOf(event)
    const call = this.#calls.get(key)
    // What a judge cost is in a journal of its own.
    const usd = amount(event.answer_usd === undefined ? event.cost_usd : event.answer_usd)
    // It failed before anything was sent.
    if (!call && usd === 0) return undefined
    const { model, definition_hash } = call ?? { model: undefined, definition_hash: this.#definition }
    const spending: Spending = { time, step, definition_hash, model, status, usd }
    this.#calls.delete(key)
    if (status !== 'abandoned' || !call) return spending
    // It may be taken up again and settled once more: its last word counts.
    this.#calls.set(key, { ...call, settled: spending })
    return undefined
  }

  #cached(event: EventOf<'step.settled' | 'round.settled'> & { time: number }): Spending | undefined {
    if (event.saved_usd === undefined && !('cached' in event && event.cached)) return undefined
    const { time, step, model, saved_usd = null } = event
    const definition_hash = this.#definition
    return { time, step, definition_hash, model: model?.split(':')[0], status: 'cached', usd: amount(saved_usd) }
  }
}

function keyOf({ step, index, round, call }: WorkRef & { call: number }): string {
  return JSON.stringify([step, index, round, call])
}

/** A journal from elsewhere may say anything: what is no amount of money is unknown. */
function amount(usd: number | null): number | null {
  return usd !== null && Number.isFinite(usd) && usd >= 0 ? usd : null
}
