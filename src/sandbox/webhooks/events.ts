/** Which events of a prediction its webhook is told, and what it is told. */
import { isObject, type JsonObject } from '../../std/json.ts'
import type { PredictionRow } from '../store/prediction-rows.ts'

export type WebhookEvent = 'start' | 'output' | 'logs' | 'completed'

/** Without a filter: new outputs and the end, as documented. */
export function wantedEvents(row: Pick<PredictionRow, 'webhook_events'>): ReadonlySet<WebhookEvent> {
  const listed = row.webhook_events === null ? [] : (JSON.parse(row.webhook_events) as WebhookEvent[])
  return new Set(listed.length > 0 ? listed : ['output', 'completed'])
}

/** What a `start` event shows, whenever it is sent: a prediction that has begun and has nothing yet. */
export function asBegun(view: JsonObject, row: PredictionRow): JsonObject {
  const { metrics: _metrics, ...shown } = view
  const begun = { status: 'processing', output: null, error: null, logs: '', completed_at: null }
  return { ...shown, ...begun, started_at: new Date(row.starts_ms).toISOString() }
}

/** What was last told of output and logs, to see what is new. */
export function newsOf(
  view: JsonObject,
  told: { output: string; logs: string },
  wanted: ReadonlySet<WebhookEvent>,
): 'output' | 'logs' | undefined {
  if (wanted.has('output') && textOf(view['output']) !== told.output) return 'output'
  if (wanted.has('logs') && textOf(view['logs']) !== told.logs) return 'logs'
  return undefined
}

export function toldBy(view: JsonObject): { output: string; logs: string } {
  return { output: textOf(view['output']), logs: textOf(view['logs']) }
}

export const toldNothing = { output: textOf(null), logs: textOf('') }

function textOf(value: unknown): string {
  return typeof value === 'string' || Array.isArray(value) || isObject(value) ? JSON.stringify(value) : ''
}
