/** The journal of one run while it is driven: numbers events, folds them, makes them durable together, then tells the bus. */
import type { Bus, RunEvent, RunEventBody, Spilled } from '../domain/events.ts'
import type { ArtifactStore } from '../state/artifacts/contract.ts'
import type { Lease, RunRecordPatch, Store } from '../state/store/contract.ts'
import type { Clock } from '../std/clock.ts'
import { sha256 } from '../std/hash.ts'
import type { Json } from '../std/json.ts'
import { foldEvent } from './fold.ts'
import type { RunState } from './state.ts'

/** JSON texts longer than this go to the artifact store, so that a journal row stays small. */
const spillBytes = 16_384

/** The fields of events that hold what people and models wrote; spilled values are masked where they are spilled. */
const freeFields = ['inputs', 'error', 'reason', 'message', 'url', 'files'] as const

export interface JournalParts {
  store: Store
  artifacts: ArtifactStore
  clock: Clock
  bus: Bus
  lease: Lease
  state: RunState
  mask: <T extends Json>(value: T) => T
}

export class Journal {
  readonly #parts: JournalParts
  /** Values that were spilled, by hash: the live driver never reads them back. */
  readonly loaded = new Map<string, Json>()
  #waiting: RunEvent[] = []
  #patch: RunRecordPatch | undefined
  #flushing: Promise<void> | undefined
  #failure: Error | undefined

  constructor(parts: JournalParts) {
    this.#parts = parts
  }

  /** Folds an event at once and queues it; nothing may depend on it before `flushed()` resolves (invariant 1). */
  add(body: RunEventBody, patch?: RunRecordPatch): void {
    if (this.#failure) throw this.#failure
    const { state, clock } = this.#parts
    // A clock that jumps back must not make the journal's times go backwards.
    const time = Math.max(clock.now(), state.updated_at)
    const event = { seq: state.seq + 1, time, ...this.#masked(body) }
    foldEvent(state, event)
    this.#waiting.push(event)
    if (patch) this.patch(patch)
  }

  /** Changes the run's row with the next commit. */
  patch(change: RunRecordPatch): void {
    this.#patch = { ...this.#patch, ...change }
  }

  /** Resolves when everything added so far is durable. Rejects for good once a write failed or the lease is lost. */
  async flushed(): Promise<void> {
    while (this.#waiting.length > 0 || this.#flushing) {
      this.#flushing ??= this.#flush()
      await this.#flushing
    }
    if (this.#failure) throw this.#failure
  }

  async write(body: RunEventBody, patch?: RunRecordPatch): Promise<void> {
    this.add(body, patch)
    await this.flushed()
  }

  /** Writes nothing more: everything that tries gets `reason`. */
  close(reason: Error): void {
    this.#failure ??= reason
    this.#waiting = []
  }

  /** A value as it is journaled; large ones are kept in the artifact store first. */
  spill(value: Json): Spilled | Promise<Spilled> {
    const masked = this.#parts.mask(value)
    const text = smallerThan(masked, spillBytes) ? '' : JSON.stringify(masked)
    if (text.length <= spillBytes) return { value: masked }
    return this.#keep(masked, text)
  }

  /** Free texts and values of an event with secrets replaced; its own words (type, step, status, …) stay. */
  #masked(body: RunEventBody): RunEventBody {
    const fields = body as unknown as Record<string, Json>
    const masked = { ...fields }
    for (const name of freeFields) if (fields[name] !== undefined) masked[name] = this.#parts.mask(fields[name])
    return masked as unknown as RunEventBody
  }

  async #keep(value: Json, text: string): Promise<Spilled> {
    const bytes = new TextEncoder().encode(text)
    const hash = sha256(bytes)
    if (!(await this.#parts.artifacts.renew(hash))) {
      await this.#parts.artifacts.put(bytes, 'value.json', 'application/json')
    }
    this.loaded.set(hash, value)
    return { spilled: { sha256: hash, bytes: bytes.length } }
  }

  async #flush(): Promise<void> {
    // One turn of the microtask queue lets calls that became ready together share a commit.
    await Promise.resolve()
    const events = this.#waiting
    const patch = this.#patch
    this.#waiting = []
    this.#patch = undefined
    try {
      if (events.length > 0) await this.#parts.store.append(this.#parts.lease, events, patch)
    } catch (error) {
      this.#failure ??= error as Error
      this.#waiting = []
      return
    } finally {
      this.#flushing = undefined
    }
    for (const event of events) this.#parts.bus({ run_id: this.#parts.lease.run_id, event })
  }
}

/** A cheap lower-cost check that spares most values a stringify: counts roughly, stops early. */
function smallerThan(value: Json, limit: number): boolean {
  let left = limit / 2
  const open: Json[] = [value]
  while (open.length > 0 && left > 0) {
    const next = open.pop() as Json
    if (typeof next === 'string') left -= next.length + 2
    else if (Array.isArray(next)) {
      left -= 2
      if (next.length > left) return false
      open.push(...next)
    } else if (typeof next === 'object' && next !== null) {
      for (const [key, field] of Object.entries(next)) {
        left -= key.length + 4
        open.push(field)
      }
    } else left -= 20
  }
  return left > 0
}

/** Reads back every spilled value that the state refers to. */
export async function loadSpilled(state: RunState, artifacts: ArtifactStore, into: Map<string, Json>): Promise<void> {
  const hashes = new Set<string>()
  const note = (spilled: Spilled | undefined) => {
    if (spilled && 'spilled' in spilled) hashes.add(spilled.spilled.sha256)
  }
  note(state.outputs)
  for (const step of state.steps.values()) {
    for (const work of [step, ...step.items.values()]) {
      note(work.output)
      for (const round of work.rounds) note(round.output)
      for (const call of work.calls) note(call.body)
    }
  }
  for (const hash of hashes) {
    if (into.has(hash)) continue
    const bytes = await artifacts.read(hash)
    into.set(hash, JSON.parse(new TextDecoder().decode(bytes)) as Json)
  }
}
