/** What one webhook is told, and when: from the prediction's beginning to its end, one message after the other. */
import type { Clock } from '../../std/clock.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Changes } from '../predictions/changes.ts'
import { hadBegun, momentOf } from '../predictions/timeline.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'
import { asBegun, newsOf, toldBy, toldNothing, wantedEvents, type WebhookEvent } from './events.ts'

export interface ReportParts {
  clock: Clock
  changes: Changes
  signal: AbortSignal
  get(id: string): Promise<PredictionRow | undefined>
  /** `waited`: as a create that waited shows what has ended, `processing` with its output. */
  show(row: PredictionRow, options: { waited?: boolean }): Promise<JsonObject>
  /** `nth` tells the messages of one event apart. Says whether it was taken. */
  send(row: PredictionRow, event: WebhookEvent, nth: number, view: JsonObject): Promise<boolean>
  /** Makes it durable. */
  save(state: ReportState): Promise<void>
}

/** What has to be known after a restart, lest too much be said again. */
export interface ReportState {
  /** 1 once `start` was sent, or not wanted when its time had come. */
  begun: number
  /** How often `completed` was sent in vain. */
  tries: number
}

/** `output` and `logs` are sent at most once in this time. */
const throttleMs = 500
/** How often a running prediction is looked at while it has nothing new. */
const lookMs = 100
/** Waits between the tries of `completed`; the last one is about a minute after the first. */
const retryMs = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000]

/** Resolves when all was said, or given up. Rejects when the signal aborts. */
export async function report(first: PredictionRow, state: ReportState, parts: ReportParts): Promise<void> {
  const { clock, changes, signal } = parts
  const wanted = wantedEvents(first)
  const watches = wanted.has('output') || wanted.has('logs')
  let told = toldNothing
  let toldAt = Number.NEGATIVE_INFINITY
  let nth = 0

  const throttledMs = (): number => toldAt + throttleMs - clock.now()

  async function tellBegun(row: PredictionRow): Promise<void> {
    if (state.begun === 1) return
    if (wanted.has('start')) await parts.send(row, 'start', 0, asBegun(await parts.show(row, {}), row))
    state.begun = 1
    await parts.save(state)
  }

  async function tellNews(row: PredictionRow, event: 'output' | 'logs', view: JsonObject): Promise<void> {
    told = toldBy(view)
    toldAt = clock.now()
    nth += 1
    await parts.send(row, event, nth, view)
  }

  async function look(row: PredictionRow): Promise<void> {
    if (throttledMs() > 0) return
    const view = await parts.show(row, {})
    const news = newsOf(view, told, wanted)
    if (news) await tellNews(row, news, view)
  }

  /** Undefined when it was deleted. */
  async function followToEnd(): Promise<PredictionRow | undefined> {
    let row: PredictionRow | undefined = first
    while (row && row.status === null) {
      let pause = row.starts_ms - clock.now()
      if (momentOf(row, clock.now()).phase !== 'starting') {
        await tellBegun(row)
        if (watches) await look(row)
        pause = watches ? Math.max(lookMs, throttledMs()) : Number.POSITIVE_INFINITY
      }
      const left = Math.min(row.ends_ms, row.deadline_ms ?? row.ends_ms) - clock.now()
      await changes.next(row.id, Math.max(1, Math.min(pause, left)), signal)
      row = await parts.get(row.id)
    }
    return row
  }

  /** The last of its output and log, as far as `completed` does not show it at once. */
  async function tellLastNews(row: PredictionRow): Promise<void> {
    const view = await parts.show(row, { waited: true })
    const news = newsOf(view, told, wanted)
    if (!news || (throttledMs() > 0 && wanted.has('completed'))) return
    if (throttledMs() > 0) await clock.sleep(throttledMs(), signal)
    await tellNews(row, news, view)
  }

  async function tellCompleted(ended: PredictionRow): Promise<void> {
    for (;;) {
      const row = (await parts.get(ended.id)) ?? ended
      if (await parts.send(row, 'completed', 0, await parts.show(row, {}))) return
      const wait = retryMs[state.tries]
      if (wait === undefined) return
      state.tries += 1
      await parts.save(state)
      await clock.sleep(wait, signal)
    }
  }

  const ended = await followToEnd()
  if (!ended || ended.status === null || ended.ended_ms === null) return
  if (hadBegun(ended, ended.status, ended.ended_ms)) await tellBegun(ended)
  if (ended.status === 'succeeded') await tellLastNews(ended)
  if (wanted.has('completed')) await tellCompleted(ended)
}
