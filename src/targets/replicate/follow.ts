/** Waits for the end of a prediction: polls with back-off and jitter, woken early by its stream. */
import { NetworkError, NotFoundError, RateLimitError, ServerError } from '../../domain/errors.ts'
import type { Clock } from '../../std/clock.ts'
import type { Random } from '../../std/random.ts'
import type { TargetContext } from '../target.ts'
import { unanswered } from './failure.ts'
import { hasEnded, hasSucceeded, type Prediction, readPrediction } from './prediction.ts'
import { readTextStream, type TextStream } from './text-stream.ts'
import type { Api } from './transport.ts'

const firstPollMs = 250
const longestPollMs = 5_000
/** How long an API that does not answer is asked on before the attempt gives up (the prediction stays open). */
const patienceMs = 5 * 60_000
/** A prediction that was just made may not be found at once. */
const unseenMs = 30_000

/** A prediction by its id; throws what the API's answer means. */
export async function getPrediction(api: Api, id: string, signal: AbortSignal): Promise<Prediction> {
  const prediction = readPrediction(await api.json('GET', `/predictions/${id}`, { signal }))
  if (!prediction) throw new NetworkError(`GET /predictions/${id}: the answer is no prediction`)
  return prediction
}

/** Resolves with the ended prediction. Throws unanswered errors, AuthenticationError, or the signal's reason. */
export async function follow(api: Api, first: Prediction, context: TargetContext): Promise<Prediction> {
  const { signal, clock, random } = context
  if (hasEnded(first) || hasSucceeded(first)) return first
  let stream: TextStream | undefined
  try {
    let last = first
    const failing = { since: undefined as number | undefined, began: clock.monotonic() }
    // A create that waited gives back what it finished, or nearly did.
    let delay = first.status === 'processing' && first.output !== null ? 0 : firstPollMs
    let asked = 0
    for (;;) {
      if (delay > 0 && first.stream !== undefined)
        stream ??= readTextStream(api, first.stream, clock, (text) => showText(context, text))
      await pause(clock, Math.max(jittered(delay, random), asked), signal, stream?.over)
      asked = 0
      delay = Math.min(longestPollMs, Math.max(firstPollMs, delay * 1.4))
      try {
        const now = await getPrediction(api, first.id, signal)
        failing.since = undefined
        show(context, last, now)
        if (hasEnded(now)) return now
        last = now
      } catch (error) {
        asked = patientDelay(error, failing, clock)
      }
    }
  } finally {
    await stream?.close()
  }
}

/** Between 80 and 120 % of it. */
function jittered(ms: number, random: Random): number {
  return ms * (0.8 + 0.4 * random())
}

/** Sleeps; the bell ends it early, but only once: what it rang for may not show yet. */
async function pause(clock: Clock, ms: number, signal: AbortSignal, bell: AbortSignal | undefined): Promise<void> {
  signal.throwIfAborted()
  if (ms <= 0) return
  const either = bell && !bell.aborted ? AbortSignal.any([signal, bell]) : signal
  try {
    await clock.sleep(ms, either)
  } catch (error) {
    if (signal.aborted || !bell?.aborted) throw error
  }
}

/** Milliseconds that the answer to a failed poll asks to wait at least; throws once there is no more patience. */
function patientDelay(error: unknown, failing: { since: number | undefined; began: number }, clock: Clock): number {
  const now = clock.monotonic()
  if (error instanceof RateLimitError) return error.retryAfterMs ?? longestPollMs
  if (error instanceof NotFoundError && now - failing.began < unseenMs) return 0
  if (!(error instanceof NetworkError || error instanceof ServerError)) throw unanswered(error)
  failing.since ??= now
  if (now - failing.since > patienceMs) throw unanswered(error)
  return 0
}

// ── what is shown meanwhile ──

function showText(context: TargetContext, text: string): void {
  if (!/^(?:https?|data):/.test(text)) context.progress({ text })
}

function show(context: TargetContext, before: Prediction, now: Prediction): void {
  const fraction = fractionIn(now.logs)
  if (now.status !== before.status || fraction !== fractionIn(before.logs)) {
    context.progress({ status: now.status, ...(fraction !== undefined && { fraction }) })
  }
}

/** The last progress bar in logs, as tqdm draws it. */
function fractionIn(logs: string): number | undefined {
  const bars = [...logs.slice(-4_000).matchAll(/(\d{1,3})%\s*\|/g)]
  const percent = bars.at(-1)?.[1]
  return percent === undefined ? undefined : Math.min(1, Number(percent) / 100)
}
