/** Signs webhooks as Replicate does, by the Standard Webhooks scheme. */
import { createHmac } from 'node:crypto'

/** `webhook-id`, `webhook-timestamp` (seconds since 1970) and `webhook-signature` of a body, under a `whsec_…` secret. */
export function signedHeaders(
  body: string,
  { id, nowMs, secret }: { id: string; nowMs: number; secret: string },
): Record<string, string> {
  const timestamp = String(Math.floor(nowMs / 1_000))
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` }
}
