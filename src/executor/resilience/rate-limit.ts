/** A token bucket in front of creates: at most `burst + rate · W` of them in any window W (ruling 47). */
import { type RateLimit, rateLimitOf, replicateCreates } from '../../domain/rate-limit.ts'
import { abortReason, untilAborted } from '../../std/abort.ts'
import type { Clock } from '../../std/clock.ts'

/** A burst of 60 and 540 a minute after it. */
export const replicateLimit: RateLimit = rateLimitOf(replicateCreates)

export interface RateLimiter {
  /** Resolves when one more may go, in the order of asking. */
  take(signal: AbortSignal): Promise<void>
  /** The server said no: nothing goes for so long, and then at the rate, without a burst. */
  pause(ms: number): void
}

export function createRateLimiter(limit: RateLimit, clock: Clock): RateLimiter {
  const perMs = limit.per_minute / 60_000
  let tokens = limit.burst
  let filledAt = clock.monotonic()
  let tail: Promise<void> = Promise.resolve()

  function fill(): void {
    const now = clock.monotonic()
    if (now <= filledAt) return
    tokens = Math.min(limit.burst, tokens + (now - filledAt) * perMs)
    filledAt = now
  }

  /** Milliseconds until there is a token; also over a pause, which is a filling that begins in the future. */
  function untilToken(): number {
    fill()
    const missing = 1 - tokens
    if (missing <= 1e-9) return 0
    return Math.max(0, filledAt - clock.monotonic()) + missing / perMs
  }

  async function waitAfter(earlier: Promise<void>, signal: AbortSignal): Promise<void> {
    await earlier
    for (let wait = untilToken(); wait > 0; wait = untilToken()) await clock.sleep(wait, signal)
    if (signal.aborted) throw abortReason(signal)
    tokens -= 1
  }

  return {
    take(signal) {
      const turn = waitAfter(tail, signal)
      tail = turn.catch(() => {})
      return untilAborted(turn, signal)
    },
    pause(ms) {
      fill()
      tokens = Math.min(tokens, 0)
      filledAt = Math.max(filledAt, clock.monotonic() + ms)
    },
  }
}
