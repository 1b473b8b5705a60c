/** Reports predictions and trainings to their webhooks, beside their lives: nothing waits for a receiver. */
import type { JsonObject } from '../../std/json.ts'
import { isThisMachine } from '../files/this-machine.ts'
import { derivedId } from '../prediction-id.ts'
import type { BatchWriter } from '../store/batch-writer.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import type { WebhookRow, WebhookRows } from '../store/webhook-rows.ts'
import type { WebhookEvent } from './events.ts'
import { isHolding } from './holders.ts'
import { report, type ReportParts } from './report.ts'
import { sendWebhook } from './send.ts'
import { signedHeaders } from './sign.ts'

export interface WebhookParts extends Pick<ReportParts, 'clock' | 'changes' | 'get' | 'show'> {
  secret: string
  rows: WebhookRows
  writer: BatchWriter
  /** Also to other machines than this one. */
  anywhere: boolean
  /** Tells people what they would not expect. */
  notice(text: string): void
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

export function createWebhooks(parts: WebhookParts): Webhooks {
  const { clock, rows, writer, secret } = parts
  const closing = new AbortController()
  const { signal } = closing
  const running = new Set<Promise<void>>()
  const delivered: Delivery[] = []
  const refused = new Set<string>()

  function note(row: PredictionRow, event: WebhookEvent, sentMs: number, answer: number | string): void {
    delivered.push({ time: new Date(sentMs).toISOString(), prediction: row.id, event, url: row.webhook ?? '', answer })
    if (delivered.length > 1_000) delivered.shift()
  }

  /** The tries of one message share its id, also across restarts. */
  async function send(row: PredictionRow, event: WebhookEvent, nth: number, view: JsonObject): Promise<boolean> {
    const body = JSON.stringify(view)
    const sentMs = clock.now()
    const id = `msg_${derivedId(`webhook ${row.id} ${event} ${nth}`)}`
    const headers = signedHeaders(body, { id, nowMs: sentMs, secret })
    const sent = await sendWebhook(row.webhook ?? '', body, headers, { clock, signal })
    note(row, event, sentMs, 'status' in sent ? sent.status : sent.error)
    return sent.ok
  }

  function refuse(row: PredictionRow, host: string): void {
    const why = `the sandbox reports to this machine only, not to ${host}`
    note(row, 'completed', clock.now(), `not sent: ${why}`)
    if (!refused.has(host)) parts.notice(`A webhook is not sent: ${why}.`)
    refused.add(host)
  }

  async function tell(state: WebhookRow): Promise<void> {
    const row = await parts.get(state.prediction)
    if (row) {
      const url = new URL(row.webhook ?? '')
      if (!parts.anywhere && !isThisMachine(url)) refuse(row, url.host)
      else await report(row, state, { ...parts, signal, send, save: () => writer.write(() => rows.update(state)) })
    }
    await writer.write(() => rows.remove(state.prediction))
  }

  function begin(state: WebhookRow): void {
    const task = tell(state)
      // closed, or a full disk: the row stays, and the next start goes on
      .catch(() => {})
      .finally(() => running.delete(task))
    running.add(task)
  }

  return {
    follow: (id) => begin({ prediction: id, holder: '', begun: 0, tries: 0 }),
    async takeUp() {
      const left = rows.all().filter(({ holder }) => !isHolding(holder))
      const taken = await Promise.all(left.map((row) => writer.write(() => rows.take(row))))
      for (const [at, row] of left.entries()) if (taken[at]) begin(row)
    },
    deliveries: () => delivered,
    async close() {
      closing.abort()
      await Promise.all(running)
    },
  }
}
