/** Sends one webhook, once: a POST that has to be answered within ten seconds and is not redirected. */
import { TimeoutError } from '../../domain/errors.ts'
import { abortReason } from '../../std/abort.ts'
import type { Clock } from '../../std/clock.ts'

/** How a receiver answered, or why it did not. Any 2xx is a success. */
export type Sent = { ok: boolean; status: number } | { ok: false; error: string }

const patienceMs = 10_000

/** Rejects only when the signal aborts. */
export async function sendWebhook(
  url: string,
  body: string,
  headers: Record<string, string>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<Sent> {
  const over = new AbortController()
  const late = clock.sleep(patienceMs, AbortSignal.any([signal, over.signal])).then(
    () => over.abort(new TimeoutError(`no answer within ${patienceMs / 1_000} s`)),
    () => {},
  )
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'user-agent': 'Replicate Webhook/1.0', ...headers },
      redirect: 'manual',
      signal: AbortSignal.any([signal, over.signal]),
    })
    await response.body?.cancel()
    return { ok: response.ok, status: response.status }
  } catch (error) {
    if (signal.aborted) throw abortReason(signal)
    return { ok: false, error: reasonOf(error) }
  } finally {
    over.abort()
    await late
  }
}

/** fetch says no more than "fetch failed"; its cause knows why. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } }
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : String(error))
}
