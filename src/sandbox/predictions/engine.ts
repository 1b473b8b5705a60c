/** The life of predictions and trainings: created durably, ended by the clock, computed when due, cancelled, forgotten. */
import type { Clock } from '../../std/clock.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { CatalogueModel } from '../catalogue/model.ts'
import { corruptAnswer } from '../faults/corrupt.ts'
import type { Fault } from '../faults/fault.ts'
import { readInputFile } from '../files/read-input-file.ts'
import { newId } from '../prediction-id.ts'
import type { BatchWriter } from '../store/batch-writer.ts'
import type { Content } from '../store/content.ts'
import type { FileRows } from '../store/file-rows.ts'
import type { ModelRows } from '../store/model-rows.ts'
import type { NewPrediction, PredictionRow, PredictionRows } from '../store/prediction-rows.ts'
import type { RequestLog } from '../store/request-log.ts'
import type { WebhookRows } from '../store/webhook-rows.ts'
import type { Changes } from './changes.ts'
import { estimateCharge } from './charge.ts'
import { type Computed, computeAnswer } from './compute.ts'
import type { DueQueue } from './due-queue.ts'
import { billed, type EndingParts, endingOf } from './ending.ts'
import { faultOf } from './fault-of.ts'
import { endOf, momentOf } from './timeline.ts'

export interface EngineParts {
  clock: Clock
  seed: number
  /** Mixed into the ids of output files, so that their links can't be guessed. */
  secret: string
  /** How long data of an ended prediction is kept. */
  dataLifetimeMs: number
  predictions: PredictionRows
  ownModels: ModelRows
  webhooks: WebhookRows
  files: FileRows
  content: Content
  writer: BatchWriter
  log: RequestLog
  changes: Changes
  dueQueue: (due: (id: string) => void) => DueQueue
  modelOfVersion(version: string): CatalogueModel | undefined
}

export interface PredictionOrder {
  model: string
  version: string
  deployment: string | null
  /** For a training: the model that gets a version. */
  destination: string | null
  input: JsonObject
  inputKey: string
  startsInMs: number
  runsForMs: number
  cancelAfterMs: number | undefined
  fault: Fault | undefined
  webhook: string | null
  webhookEvents: string[] | null
}

export class PredictionEngine {
  readonly #parts: EngineParts
  readonly #endings: EndingParts
  readonly #due: DueQueue
  readonly #file = (link: string) => readInputFile(link, this.#parts.files, this.#parts.content)
  readonly #computing = new Map<string, Promise<Computed>>()
  readonly #settling = new Map<string, Promise<PredictionRow | undefined>>()

  constructor(parts: EngineParts) {
    this.#parts = parts
    this.#endings = { ...parts, file: this.#file, answer: (row) => this.answerAhead(row) }
    // a settling that fails (full disk) is tried again, and its error seen, by whoever asks next
    this.#due = parts.dueQueue((id) => void this.get(id).catch(() => {}))
    for (const row of parts.predictions.open()) this.#due.add(row.id, dueAt(row))
  }

  /** Durable, with its charge and its log line, when this resolves. */
  async create(order: PredictionOrder): Promise<PredictionRow> {
    const row = this.#newRow(order)
    await this.#parts.writer.write(() => {
      this.#parts.predictions.insert(row)
      if (row.webhook !== null) this.#parts.webhooks.insert(row.id)
      this.#parts.log.add(() => ({
        time: new Date(row.created_ms).toISOString(),
        event: row.destination === null ? 'create' : 'train',
        id: row.id,
        model: row.model,
        version: row.version,
        deployment: row.deployment,
        ...(row.destination === null ? {} : { destination: row.destination }),
        input_sha256: row.input_key,
        input: shortened(order.input),
        status: 'starting',
        usd: row.usd,
        fault: order.fault?.kind ?? null,
      }))
    })
    const unsettled = { canceled_ms: null, status: null, ended_ms: null, removed_ms: null } as const
    const made = { ...row, ...unsettled, seq: 0, output: null, error: null, logs: null, metrics: null }
    if (dueAt(row) > this.#parts.clock.now()) this.#due.add(row.id, dueAt(row))
    else void this.settled(made).catch(() => {})
    return made
  }

  /** As it is now; its outcome is computed and durable when it has ended. */
  async get(id: string): Promise<PredictionRow | undefined> {
    const row = this.#parts.predictions.get(id)
    return row && this.settled(row)
  }

  async settled(row: PredictionRow): Promise<PredictionRow> {
    if (row.status !== null || momentOf(row, this.#parts.clock.now()).phase !== 'ended') return row
    const settling = this.#settling.get(row.id) ?? this.#settle(row)
    this.#settling.set(row.id, settling)
    try {
      return (await settling) ?? row
    } finally {
      this.#settling.delete(row.id)
    }
  }

  async cancel(id: string): Promise<PredictionRow | undefined> {
    const { predictions, writer, log, clock, changes } = this.#parts
    const now = clock.now()
    const row = predictions.get(id)
    if (row && momentOf(row, now).phase !== 'ended') {
      await writer.write(() => {
        if (!predictions.cancel(id, now)) return
        log.add(() => ({ time: new Date(now).toISOString(), event: 'cancel', id, model: row.model }))
      })
      changes.announce(id)
    }
    return this.get(id)
  }

  /** Resolves when it has ended or `ms` have passed, whichever is first. */
  async waitForEnd(row: PredictionRow, ms: number, signal: () => AbortSignal): Promise<PredictionRow> {
    const { clock, changes } = this.#parts
    const until = clock.now() + ms
    let current = row
    for (;;) {
      const now = clock.now()
      if (current.status !== null || now >= until) return current
      const left = Math.min(endOf(current).at, until) - now
      if (left > 0) await changes.next(row.id, left, signal())
      current = (await (left > 0 ? this.get(row.id) : this.settled(current))) ?? current
    }
  }

  /** The whole answer, before its time: for streams and partial outputs. Shared by all who ask until it has ended. */
  answerAhead(row: PredictionRow): Promise<Computed> {
    const known = this.#computing.get(row.id)
    if (known) return known
    const model = this.#parts.modelOfVersion(row.version)
    const computing: Promise<Computed> = model
      ? this.#compute(row, model)
      : Promise.resolve({ ok: false, error: `The model ${row.model} is gone`, logs: '' })
    this.#computing.set(row.id, computing)
    return computing
  }

  async #compute(row: PredictionRow, model: CatalogueModel): Promise<Computed> {
    const computed = await computeAnswer(row, model, { seed: this.#parts.seed, file: this.#file })
    const fault = faultOf(row)
    if (!computed.ok || fault?.kind !== 'corrupt') return computed
    return { ...computed, answer: corruptAnswer(computed.answer, fault.how) }
  }

  /** Whether its data is gone, by the clock or because it was told so. */
  isRemoved(row: PredictionRow): boolean {
    if (row.destination !== null) return false
    if (row.removed_ms !== null) return true
    return row.ended_ms !== null && this.#parts.clock.now() >= row.ended_ms + this.#parts.dataLifetimeMs
  }

  /** Removes the data of one ended prediction, or of all that are due (`force`: of all that ended). */
  async removeData(id?: string, force = false): Promise<number> {
    const { predictions, files, clock, dataLifetimeMs } = this.#parts
    const now = clock.now()
    if (id !== undefined) {
      const row = await this.get(id)
      return row?.destination === null && (await this.#removeOne(id)) ? 1 : 0
    }
    // together, so that they share commits
    const ended = force ? predictions.ended() : predictions.endedBefore(now - dataLifetimeMs)
    const removed = await Promise.all(ended.map((each) => this.#removeOne(each)))
    await Promise.all(files.expired(now).map((expired) => this.#removeFile(expired)))
    return removed.filter(Boolean).length
  }

  /** Removes all predictions of a version that is deleted. */
  async forgetVersion(version: string): Promise<void> {
    const { predictions, files, writer, changes } = this.#parts
    for (const id of predictions.ofVersion(version)) {
      for (const file of files.ofPrediction(id)) await this.#removeFile(file.id)
      await writer.write(() => predictions.forget(id))
      this.#computing.delete(id)
      changes.announce(id)
    }
  }

  async close(): Promise<void> {
    await this.#due.close()
    await Promise.allSettled(this.#settling.values())
  }

  #newRow(order: PredictionOrder): NewPrediction {
    const now = Math.floor(this.#parts.clock.now())
    const model = this.#parts.modelOfVersion(order.version)
    const startsMs = now + order.startsInMs
    return {
      id: newId(),
      model: order.model,
      version: order.version,
      deployment: order.deployment,
      destination: order.destination,
      input: JSON.stringify(order.input),
      input_key: order.inputKey,
      created_ms: now,
      starts_ms: startsMs,
      ends_ms: startsMs + order.runsForMs,
      deadline_ms: order.cancelAfterMs === undefined ? null : now + order.cancelAfterMs,
      fault: order.fault ? JSON.stringify(order.fault) : null,
      webhook: order.webhook,
      webhook_events: order.webhookEvents && JSON.stringify(order.webhookEvents),
      usd: model ? estimateCharge(billed(model, order), order.input, order.runsForMs / 1_000) : 0,
    }
  }

  async #settle(row: PredictionRow): Promise<PredictionRow | undefined> {
    const { predictions, ownModels, files, writer, changes } = this.#parts
    const { outcome, made, version } = await endingOf(row, this.#endings)
    const done = await writer.write(() => {
      if (!predictions.settle(row, outcome)) return false
      for (const file of made) files.insert(file)
      if (version) ownModels.insertVersion(version)
      return true
    })
    this.#computing.delete(row.id)
    changes.announce(row.id)
    if (done) return { ...row, ...outcome }
    // another process settled or canceled it between our reading and writing: its word counts
    const current = predictions.get(row.id)
    return current && this.#settledElsewhere(current)
  }

  async #settledElsewhere(row: PredictionRow): Promise<PredictionRow | undefined> {
    return row.status === null ? this.#settle(row) : row
  }

  async #removeOne(id: string): Promise<boolean> {
    const { predictions, files, writer, clock } = this.#parts
    for (const file of files.ofPrediction(id)) await this.#removeFile(file.id)
    return writer.write(() => predictions.remove(id, Math.floor(clock.now())))
  }

  async #removeFile(id: string): Promise<void> {
    await this.#parts.writer.write(() => this.#parts.files.remove(id))
    await this.#parts.content.drop(id)
  }
}

/** For the log: data URIs and other long texts are cut; `input_sha256` still tells them apart. */
function shortened(value: Json): Json {
  if (typeof value === 'string')
    return value.length <= 2_000 ? value : `${value.slice(0, 200)}… (${value.length} characters)`
  if (Array.isArray(value)) return value.map(shortened)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shortened(item)]))
}

function dueAt(row: Pick<PredictionRow, 'ends_ms' | 'deadline_ms'>): number {
  return Math.min(row.ends_ms, row.deadline_ms ?? row.ends_ms)
}
