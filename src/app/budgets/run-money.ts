/** What the journal of a run says that its calls cost, or may have, as budgets count it: on the day on which a call began. */
import type { EventOf, RunEvent, WorkRef } from '../../domain/events.ts'
import type { CallMoney } from '../../executor/resilience/budget/account.ts'

export interface MoneyOfCall extends CallMoney {
  /** Absent: a model was called by its own name. */
  agent?: string
}

interface Known extends MoneyOfCall {
  reserve_usd: number
  /** What it comes to should another call go on with it. */
  given_up_usd?: number
}

/** Takes the events of a run in order. */
export class RunMoney {
  readonly #calls = new Map<string, Known>()
  /** The call of a piece of work that began last. */
  readonly #last = new Map<string, Known>()
  #driver = { pid: 0, host: '' }

  take(event: RunEvent): void {
    switch (event.type) {
      case 'run.started':
        this.#driver = { pid: event.pid, host: event.host }
        break
      case 'call.intended':
        this.#begun(event)
        break
      case 'call.refused':
        this.#refused(event)
        break
      case 'call.settled':
        this.#settled(event)
        break
      default:
    }
  }

  calls(): IterableIterator<MoneyOfCall> {
    return this.#calls.values()
  }

  #begun(event: EventOf<'call.intended'> & { time: number }): void {
    const { reserve_usd = 0, agent, time } = event
    const [work, key] = [keyOf(event), keyOf(event, event.call)]
    const before = this.#last.get(work)
    if (before?.given_up_usd !== undefined) before.usd = before.given_up_usd
    const call: Known = {
      ...this.#driver,
      began: time,
      usd: reserve_usd,
      reserve_usd,
      ...(agent !== undefined && { agent }),
    }
    // It was sent again: the first create was lost, and both may have cost something where that is known.
    const lost = this.#calls.get(key)
    if (lost?.given_up_usd) call.usd += lost.given_up_usd
    this.#calls.set(key, call)
    this.#last.set(work, call)
  }

  #refused(event: EventOf<'call.refused'>): void {
    const call = this.#calls.get(keyOf(event, event.call))
    if (call) Object.assign(call, { usd: 0, reserve_usd: 0 })
  }

  #settled(event: EventOf<'call.settled'> & { time: number }): void {
    const key = keyOf(event, event.call)
    // What a judge cost is in a journal of its own.
    const usd = event.answer_usd === undefined ? event.cost_usd : event.answer_usd
    const call = this.#calls.get(key)
    if (!call) {
      if (usd) this.#calls.set(key, { ...this.#driver, began: event.time, usd, reserve_usd: 0 })
      return
    }
    const isGivenUp = event.status === 'abandoned'
    call.usd = isGivenUp && event.retry_in_ms !== undefined ? call.reserve_usd : (usd ?? call.reserve_usd)
    if (isGivenUp) call.given_up_usd = usd ?? 0
    else delete call.given_up_usd
  }
}

function keyOf({ step, index, round }: WorkRef, call?: number): string {
  return `${step}\n${index ?? ''}\n${round ?? ''}\n${call ?? ''}`
}
