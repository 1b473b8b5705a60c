/** The running account of one call: attempts, dollars, milliseconds, over all candidates and processes. */
import { isResumable } from '../domain/budget.ts'
import { type ReplicateAgentError, toErrorData } from '../domain/errors.ts'
import type { JsonObject } from '../std/json.ts'
import type { KeptFile } from '../domain/file.ts'
import type { Clock } from '../std/clock.ts'
import type { Json } from '../std/json.ts'
import type { CallOutcome, PriorCalls } from './contract.ts'

export class Ledger {
  readonly #clock: Clock
  readonly #began: number
  readonly #elapsedBefore: number
  #attempts: number
  #calls: number
  #cost: number | null
  /** What calls came to that earlier processes gave up, by their number. */
  readonly #givenUp: Map<number, number | null>
  readonly #failures: { model: string; failure: ReplicateAgentError }[] = []
  /** Ids of predictions whose calls are settled. */
  readonly ids: Set<string>
  /** The model that was called last. */
  model: string | undefined

  constructor(prior: PriorCalls, clock: Clock) {
    this.#clock = clock
    this.#began = clock.monotonic()
    this.#elapsedBefore = prior.elapsed_ms
    this.#attempts = prior.attempts.reduce((sum, count) => sum + count, 0)
    this.#calls = prior.calls
    this.#cost = prior.cost_usd
    this.ids = new Set(prior.ids)
    const givenUp = prior.settled?.filter(({ settled }) => settled.status === 'abandoned') ?? []
    this.#givenUp = new Map(givenUp.map(({ call, settled }) => [call, settled.cost_usd]))
  }

  /** The number that the next call will have. */
  get upcoming(): number {
    return this.#calls + 1
  }

  nextCall(): number {
    this.#calls += 1
    return this.#calls
  }

  /** One that was given up before, and taken up again, is one attempt, and its last word counts. */
  attempted(call: number, cost_usd: number | null): void {
    const before = this.#givenUp.get(call)
    this.#givenUp.delete(call)
    if (before === undefined) this.#attempts += 1
    this.#cost = this.#cost === null || cost_usd === null ? null : this.#cost + cost_usd - (before ?? 0)
  }

  failed(model: string, failure: ReplicateAgentError): void {
    this.#failures.push({ model, failure })
  }

  /** Candidates that could not be called: when others had failed before, those are why it ends. */
  passedOver(agent: string, failure: ReplicateAgentError): void {
    this.#failures.unshift({ model: agent, failure })
  }

  /** Models that were not called, for their circuit breaker is open. */
  get refused(): string[] {
    return this.#failures.flatMap(({ model, failure }) => (failure.code === 'circuit_open' ? model : []))
  }

  get lastFailure(): ReplicateAgentError | undefined {
    return this.#failures.at(-1)?.failure
  }

  /** Nothing but budgets that come back, or may be raised, kept all candidates from being called. */
  get outOfMoney(): ReplicateAgentError | undefined {
    const failures = this.#failures.map(({ failure }) => failure)
    return failures.every(({ code }) => code === 'budget_exceeded') ? failures.find(isResumable) : undefined
  }

  succeeded(output: Json, files: KeptFile[]): CallOutcome {
    return { status: 'succeeded', output, files, cached: false, ...this.#fields() }
  }

  fromCache(output: Json, files: KeptFile[], saved_usd: number | null): CallOutcome {
    return { status: 'succeeded', output, files, cached: true, saved_usd, ...this.#fields() }
  }

  cancelled(): CallOutcome {
    return { status: 'cancelled', ...this.#fields() }
  }

  ended(status: 'failed' | 'stopped', failure: ReplicateAgentError): CallOutcome {
    const error = toErrorData(failure)
    const tried = new Set(this.#failures.map(({ model }) => model))
    if (status === 'failed' && tried.size > 1) error.details = { ...error.details, tried: this.#tried() }
    return { status, error, ...this.#fields() }
  }

  /** The last failure of every model, when there were several. */
  #tried(): JsonObject[] {
    const last = new Map(this.#failures.map(({ model, failure }) => [model, failure]))
    return [...last].map(([model, { code, message }]) => ({ model, code, message }))
  }

  #fields() {
    const latency_ms = Math.round(this.#clock.monotonic() - this.#began + this.#elapsedBefore)
    const fields = { attempts: this.#attempts, latency_ms, cost_usd: this.#cost }
    return this.model === undefined ? fields : { ...fields, model: this.model }
  }
}
