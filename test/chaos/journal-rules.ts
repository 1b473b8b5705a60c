/** What must hold of any journal, however often its driver died: told event by event, without the code under test. */
import type { RunEvent } from '../../src/domain/events.ts'

/** Says what is wrong with the journal of one run; empty: nothing. `over`: whether the run is said to have ended. */
export function journalFaults(events: readonly RunEvent[], over: boolean): string[] {
  const rules = new Rules()
  for (const [at, event] of events.entries()) {
    if (event.seq !== at + 1) rules.fault(event, `stands at place ${at + 1}`)
    rules.takeRun(event)
    if ('step' in event) rules.takeWork(event)
  }
  rules.takePredictions()
  if (over !== rules.ended) rules.faults.push(over ? 'it does not end with run.settled' : 'run.settled ends it')
  return rules.faults
}

class Rules {
  readonly faults: string[] = []
  ended = false
  #time = 0
  #token = 0
  /** What is settled, and how: never again in the same attempt of the run, but for what was cancelled. */
  readonly #works = new Map<string, string>()
  readonly #begun = new Set<string>()
  readonly #rounds = new Set<string>()
  readonly #calls = new Map<string, string>()
  /** The prediction of each call, by its last word: one whose answer was lost may be exchanged for its twin. */
  readonly #predictions = new Map<string, string>()

  fault({ seq, type }: RunEvent, what: string): void {
    this.faults.push(`event ${seq} (${type}) ${what}`)
  }

  /** Time and tokens only grow, and one end ends it. */
  takeRun(event: RunEvent): void {
    if (event.time < this.#time) this.fault(event, 'goes back in time')
    this.#time = event.time
    if (this.ended && event.type !== 'run.started' && event.type !== 'run.retried') this.fault(event, 'follows the end')
    if (event.type === 'run.settled') this.ended = true
    if (event.type === 'run.retried') for (const { step } of event.reset) this.#forget((work) => work.startsWith(step))
    if (event.type !== 'run.started') return
    if (event.token <= this.#token) this.fault(event, `has token ${event.token} after ${this.#token}`)
    this.#token = event.token
    this.ended = false
    this.#forget((_work, status) => status === 'cancelled')
  }

  /** Each piece of work, round and call is settled once, and nothing of it comes later. */
  takeWork(event: RunEvent & { step: string }): void {
    const { index } = event as { index?: number }
    const work = index === undefined ? event.step : `${event.step}[${index}]`
    if (this.#works.has(work)) this.fault(event, `comes after "${work}" was settled`)
    if (event.type === 'step.started') {
      if (this.#begun.has(work)) this.fault(event, `starts "${work}" once more`)
      this.#begun.add(work)
    }
    if (event.type === 'step.settled') this.#works.set(work, event.status)
    const { round: number } = event as { round?: number }
    const round = number === undefined ? work : `${work}, round ${number}`
    if (this.#rounds.has(round)) this.fault(event, `comes after ${round} was settled`)
    if (event.type === 'round.settled') this.#rounds.add(round)
    if ('call' in event) this.#takeCall(event, round)
  }

  /** No prediction answers two calls. */
  takePredictions(): void {
    const owners = new Map<string, string>()
    for (const [call, id] of this.#predictions) {
      const other = owners.get(id)
      if (other !== undefined) this.faults.push(`prediction ${id} is taken for ${other} and for ${call}`)
      owners.set(id, call)
    }
  }

  /** A call may settle again only where it was given up without knowing how it went. */
  #takeCall(event: RunEvent & { call: number }, round: string): void {
    const call = `call ${event.call} of ${round}`
    if ((this.#calls.get(call) ?? 'abandoned') !== 'abandoned') this.fault(event, `comes after ${call} was settled`)
    if (event.type === 'call.settled') this.#calls.set(call, event.status)
    if (event.type === 'call.created') this.#predictions.set(call, event.id)
  }

  /** What begins anew. */
  #forget(which: (work: string, status: string) => boolean): void {
    for (const [work, status] of this.#works) {
      if (!which(work, status)) continue
      this.#works.delete(work)
      this.#begun.delete(work)
      for (const call of this.#calls.keys()) if (call.includes(` of ${work}`)) this.#calls.delete(call)
    }
  }
}
