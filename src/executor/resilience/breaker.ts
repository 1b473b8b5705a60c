/**
 * A circuit breaker: keeps calls from a model that fails, lets a few through after a while, and closes again when they
 * succeed (M. Nygard, Release It!; states and names as in resilience4j).
 *
 * 1. Reading never changes anything: `isOpen` can be asked as a gate.
 * 2. Half-open, at most `half_open_probes` calls are on their way at once.
 * 3. Each opening begins a new episode; what comes of calls of an older one is ignored.
 */
import type { BreakerPolicy } from '../../domain/definition.ts'
import type { Clock } from '../../std/clock.ts'

export type BreakerState = 'closed' | 'open' | 'half_open'

/** Leave to make one call; exactly one of its methods is called when it is over. */
export interface Permit {
  succeeded(): void
  failed(): void
  /** It says nothing of the model: called off, refused for another reason. */
  dropped(): void
}

export interface Breaker {
  state(): BreakerState
  /** Whether a call would be refused now. */
  isOpen(): boolean
  /** Undefined: it is refused. */
  enter(): Permit | undefined
  /** Milliseconds until a probe may go; 0 when one may go now. */
  opensIn(): number
}

export function createBreaker(policy: BreakerPolicy, clock: Clock): Breaker {
  const { failure_threshold, window_ms, cooldown_ms, half_open_probes, success_threshold } = policy
  /** When calls failed, oldest first; of the window. */
  let failures: number[] = []
  /** Undefined: closed. */
  let opened: { until: number; probing: number; succeeded: number } | undefined
  let episode = 0

  function state(): BreakerState {
    if (!opened) return 'closed'
    return clock.monotonic() < opened.until ? 'open' : 'half_open'
  }

  function isOpen(): boolean {
    return opened !== undefined && (state() === 'open' || opened.probing >= half_open_probes)
  }

  function open(): void {
    opened = { until: clock.monotonic() + cooldown_ms, probing: 0, succeeded: 0 }
    failures = []
    episode += 1
  }

  function close(): void {
    opened = undefined
    episode += 1
  }

  function fail(): void {
    const now = clock.monotonic()
    failures = [...failures.filter((time) => time > now - window_ms), now]
    if (failures.length >= failure_threshold) open()
  }

  function probed(end: keyof Permit): void {
    if (!opened) return
    opened.probing -= 1
    if (end === 'failed') return open()
    if (end === 'succeeded') opened.succeeded += 1
    if (opened.succeeded >= success_threshold) close()
  }

  return {
    state,
    isOpen,
    opensIn: () => (opened ? Math.max(0, opened.until - clock.monotonic()) : 0),
    enter() {
      if (isOpen()) return undefined
      const mine = episode
      const isProbe = opened !== undefined
      if (opened) opened.probing += 1
      const now = (then: () => void) => () => {
        if (mine === episode) then()
      }
      return {
        succeeded: now(() => isProbe && probed('succeeded')),
        failed: now(() => (isProbe ? probed('failed') : fail())),
        dropped: now(() => isProbe && probed('dropped')),
      }
    },
  }
}
