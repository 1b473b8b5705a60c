/** Reports predictions and trainings to their webhooks, beside their lives: nothing waits for a receiver. */
import type { Clock } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import { isThisMachine } from '../files/this-machine.ts'
import { derivedId } from '../prediction-id.ts'
import type { Changes } from '../predictions/changes.ts'
import { hadBegun, momentOf } from '../predictions/timeline.ts'
import type { BatchWriter } from '../store/batch-writer.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import type { WebhookRow, WebhookRows } from '../store/webhook-rows.ts'
import { asBegun, newsOf, toldBy, toldNothing, wantedEvents, type WebhookEvent } from './events.ts'
import { isHolding } from './holders.ts'
import { sendWebhook } from './send.ts'
import { signedHeaders } from './sign.ts'

export interface WebhookParts {
  clock: Clock
  secret: string
  rows: WebhookRows
  writer: BatchWriter
  changes: Changes
  /** Also to other machines than this one. */
  anywhere: boolean
  get(id: string): Promise<PredictionRow | undefined>
  /** `waited`: as a create that waited shows what has ended, `processing` with its output. */
  show(row: PredictionRow, options: { waited?: boolean }): Promise<JsonObject>
}

/** One try; kept for `GET /_sandbox/webhooks`. */
export interface Delivery extends JsonObject {
  /** When it was sent. */
  time: string
  prediction: string
  event: WebhookEvent
  url: string
  /** `200`, `ECONNREFUSED`, `not sent: …`. */
  answer: number | string
}

export interface Webhooks {
  /** Reports what was created, from now on; returns at once. */
  follow(id: string): void
  /** Goes on with what processes that are gone left unsaid. */
  takeUp(): Promise<void>
  /** The last thousand. */
  deliveries(): readonly Delivery[]
  /** What is not said yet is said after the next start, where there is a data folder. */
  close(): Promise<void>
}

/** `output` and `logs` are sent at most once in this time. */
const throttleMs = 500
/** How often a running prediction is looked at until it has shown something. */
const lookMs = 100
/** Waits between the tries of `completed`; the last one is about a minute after the first. */
const retryMs = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000]

export function createWebhooks(parts: WebhookParts): Webhooks {
  const { clock, rows, writer, changes } = parts
  const closing = new AbortController()
  const { signal } = closing
  const running = new Set<Promise<void>>()
  const delivered: Delivery[] = []

  function note(row: PredictionRow, event: WebhookEvent, sentMs: number, answer: number | string): void {
    delivered.push({ time: new Date(sentMs).toISOString(), prediction: row.id, event, url: row.webhook ?? '', answer })
    if (delivered.length > 1_000) delivered.shift()
  }

  /** `nth` tells the messages of one event apart; the tries of one message share its id. */
  async function send(row: PredictionRow, event: WebhookEvent, nth: number, view: JsonObject): Promise<boolean> {
    const body = JSON.stringify(view)
    const id = `msg_${derivedId(`webhook ${row.id} ${event} ${nth}`)}`
    const sentMs = clock.now()
    const headers = signedHeaders(body, { id, nowMs: sentMs, secret: parts.secret })
    const sent = await sendWebhook(row.webhook ?? '', body, headers, { clock, signal })
    note(row, event, sentMs, 'status' in sent ? sent.status : sent.error)
    return sent.ok
  }

  async function report(id: string, state: WebhookRow): Promise<void> {
    const first = await parts.get(id)
    if (!first) return
    const url = new URL(first.webhook ?? '')
    if (!parts.anywhere && !isThisMachine(url)) {
      const why = `not sent: the sandbox reports to this machine only, not to ${url.host}`
      return note(first, 'completed', clock.now(), why)
    }
    const wanted = wantedEvents(first)
    const progress = { told: toldNothing, nth: 0, saidAt: Number.NEGATIVE_INFINITY }
    const say = async (row: PredictionRow, event: 'output' | 'logs', view: JsonObject): Promise<void> => {
      progress.told = toldBy(view)
      progress.saidAt = clock.now()
      progress.nth += 1
      await send(row, event, progress.nth, view)
    }
    const sayBegun = async (row: PredictionRow): Promise<void> => {
      if (state.begun === 1) return
      if (wanted.has('start')) await send(row, 'start', 0, asBegun(await parts.show(row, {}), row))
      state.begun = 1
      await writer.write(() => rows.update(state))
    }

    let row: PredictionRow | undefined = first
    while (row && row.status === null) {
      const now = clock.now()
      const moment = momentOf(row, now)
      let pause = row.starts_ms - now
      if (moment.phase !== 'starting') {
        await sayBegun(row)
        const view = await parts.show(row, {})
        const news = newsOf(view, progress.told, wanted)
        const rest = progress.saidAt + throttleMs - clock.now()
        if (news && rest <= 0) await say(row, news, view)
        pause = Math.max(lookMs, rest)
      }
      await changes.next(id, Math.max(1, Math.min(pause, endsIn(row, clock.now()))), signal)
      row = await parts.get(id)
    }
    if (row) await reportEnd(row)

    async function reportEnd(ended: PredictionRow): Promise<void> {
      if (hadBegun(ended, ended.status ?? 'failed', ended.ended_ms ?? 0)) {
        await sayBegun(ended)
        const view = await parts.show(ended, { waited: true })
        const news = ended.status === 'succeeded' ? newsOf(view, progress.told, wanted) : undefined
        const rest = progress.saidAt + throttleMs - clock.now()
        // what `completed` is about to show needs no waiting for
        if (news && rest > 0 && !wanted.has('completed')) await clock.sleep(rest, signal)
        if (news && (rest <= 0 || !wanted.has('completed'))) await say(ended, news, view)
      }
      if (wanted.has('completed')) await complete(ended, state)
    }
  }

  /** Tried until it is taken or a minute has passed, and after a restart from the try where it was. */
  async function complete(ended: PredictionRow, state: WebhookRow): Promise<void> {
    for (;;) {
      const row = (await parts.get(ended.id)) ?? ended
      if (await send(row, 'completed', 0, await parts.show(row, {}))) return
      const wait = retryMs[state.tries]
      if (wait === undefined) return
      state.tries += 1
      await writer.write(() => rows.update(state))
      await clock.sleep(wait, signal)
    }
  }

  function begin(id: string, state: WebhookRow): void {
    const task = report(id, state)
      .then(() => writer.write(() => rows.remove(id)))
      // closed, or a full disk: the row stays, and the next start goes on
      .catch(() => {})
      .finally(() => running.delete(task))
    running.add(task)
  }

  return {
    follow: (id) => begin(id, { prediction: id, holder: '', begun: 0, tries: 0 }),
    async takeUp() {
      const left = rows.all().filter(({ holder }) => !isHolding(holder))
      const taken = await Promise.all(left.map((row) => writer.write(() => rows.take(row))))
      for (const [at, row] of left.entries()) if (taken[at]) begin(row.prediction, row)
    },
    deliveries: () => delivered,
    async close() {
      closing.abort()
      await Promise.all(running)
    },
  }
}

function endsIn(row: PredictionRow, now: number): number {
  return Math.min(row.ends_ms, row.deadline_ms ?? row.ends_ms) - now
}
