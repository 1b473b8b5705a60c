/**
 * The circuit breaker of one model (or provider, …) as this process has it: its state is in a cell that all processes
 * share (its rules: `breaker-state.ts`). To look costs one reading. A call that is fine costs nothing more, unless the
 * criterion counts it: then it is kept here and written with others, at most every 100 ms.
 */
import type { BreakerPolicy, BreakerState, Trouble } from '../../../domain/breaker.ts'
import type { Cells } from '../../../std/cells.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Json } from '../../../std/json.ts'
import { type BreakerCell, emptyTally, freshCell, readBreaker, type SeenTrouble } from './cell.ts'
import { type CountedCall, countsSuccesses } from './criteria.ts'
import {
  afterCalls,
  afterProbe,
  opensInAt,
  refusesAt,
  shareAt,
  stateAt,
  withOverride,
  withProbe,
  withTroubles,
} from './state.ts'

/** How a call ended, as its breaker sees it. */
export interface CallEnd {
  /** `dropped`: it says nothing of what was called: it was called off, or refused for another reason. */
  verdict: 'succeeded' | 'failed' | 'dropped'
  /** What went wrong, whether it counts or not; absent: nothing. */
  trouble?: { class: Trouble; message: string }
  /** How long what was called took, milliseconds; absent: it never was. */
  took_ms?: number | undefined
  /** After this time the server wants to be asked again. */
  retry_after_ms?: number | undefined
}

/** What the end of a call did to the breaker. */
export interface BreakerChange {
  state: BreakerState
  /** Milliseconds until a probe may go. */
  opens_in_ms: number
  why: string | undefined
}

/** Leave to make one call. */
export interface Permit {
  /** Whether it still holds: what was opened since lets nothing through. */
  holds(): boolean
  /** Called once, when it is over. Undefined: the state is what it was. */
  ended(end: CallEnd): Promise<BreakerChange | undefined>
}

export interface Breaker {
  /** Of the cell: `model:owner/name`. */
  readonly name: string
  /** Whether a call would be refused now. */
  isOpen(policy: BreakerPolicy): boolean
  /** Undefined: it is refused. */
  enter(policy: BreakerPolicy): Permit | undefined | Promise<Permit | undefined>
  /** The share of calls that it should get, from 0 to 1. */
  share(): number
  /** Milliseconds until a probe may go; 0 when one may go now, Infinity when somebody has to reset it. */
  opensIn(): number
  /** Why it is open. */
  why(): string | undefined
  /** What went wrong last. */
  lastTrouble(): string | undefined
  /** Writes what was kept back. */
  flush(): Promise<void>
}

const flushEveryMs = 100

/** Where breakers lie among the cells. */
export const breakerPrefix = 'breaker/'

type Kept = CountedCall & { episode: number }

export function createBreaker(name: string, cells: Cells, clock: Clock): Breaker {
  const cellName = breakerPrefix + name
  let raw: Json | undefined
  let known: BreakerCell = freshCell
  /** Calls that are not written yet, in the order in which they ended. */
  let calls: Kept[] = []
  let troubles: SeenTrouble[] = []
  let keptWith: BreakerPolicy | undefined
  let flushed = Number.NEGATIVE_INFINITY

  function read(): BreakerCell {
    const now = cells.get(cellName)
    if (now !== raw) {
      raw = now
      known = readBreaker(now)
    }
    return known
  }

  /** Changes the cell, after what was kept back was put into it. `then` is asked again when another process was first. */
  function change<T>(
    policy: BreakerPolicy,
    then: (cell: BreakerCell, inForce: BreakerPolicy) => { cell: BreakerCell; result: T },
  ): Promise<T> {
    const kept = { calls, troubles }
    calls = []
    troubles = []
    flushed = clock.monotonic()
    return cells.change([cellName], ([before]) => {
      const cell = withTroubles(readBreaker(before), kept.troubles)
      const inForce = withOverride(policy, cell)
      const counted = cell.open ? [] : kept.calls.filter(({ episode }) => episode === cell.episode)
      const caughtUp = afterCalls(cell, counted, inForce, inForce.cooldown_ms, clock.now())
      const { cell: after, result } = then(caughtUp, inForce)
      return { after: [{ ...after, policy } as unknown as Json], result }
    })
  }

  function keep(episode: number, call: CountedCall | undefined, policy: BreakerPolicy): Promise<void> | undefined {
    if (call) calls.push({ ...call, episode })
    keptWith = policy
    return clock.monotonic() - flushed >= flushEveryMs ? flush() : undefined
  }

  async function flush(): Promise<void> {
    if (keptWith === undefined || (calls.length === 0 && troubles.length === 0)) return
    await change(keptWith, (cell) => ({ cell, result: undefined }))
  }

  function note({ trouble }: CallEnd, isSlow: boolean): void {
    const seen =
      trouble ?? (isSlow ? { class: 'slow' as const, message: 'it took longer than `slow_call_seconds`' } : undefined)
    if (seen) troubles.push({ time: clock.now(), ...seen })
  }

  function changeFrom(before: BreakerCell, after: BreakerCell): BreakerChange | undefined {
    const now = clock.now()
    if (before.episode === after.episode) return undefined
    return { state: stateAt(after, now), opens_in_ms: opensInAt(after, now), why: after.open?.why }
  }

  /** Of a call that was let through because the breaker is closed. */
  function permit(episode: number, policy: BreakerPolicy): Permit {
    return {
      holds() {
        const cell = read()
        return cell.open === undefined || !refusesAt(cell, withOverride(policy, cell), clock.now())
      },
      async ended(end) {
        const cell = read()
        const inForce = withOverride(policy, cell)
        const { verdict } = end
        const isSlow = verdict !== 'dropped' && slow(end, inForce)
        note(end, isSlow)
        const failed = verdict === 'failed'
        const call = { time: clock.now(), failed, slow: isSlow }
        if (!failed && !isSlow) {
          const counts = verdict === 'succeeded' && countsSuccesses(inForce, cell.open ? emptyTally : cell.tally)
          if (counts || end.trouble) await keep(episode, counts ? call : undefined, policy)
          return undefined
        }
        return change(policy, (before, now) => {
          const isOurs = !before.open && before.episode === episode
          const after = isOurs ? afterCalls(before, [call], now, cooldown(end, now), clock.now()) : before
          return { cell: after, result: changeFrom(before, after) }
        })
      },
    }
  }

  function probePermit(episode: number, probe: number, policy: BreakerPolicy): Permit {
    return {
      holds() {
        const cell = read()
        return cell.open === undefined || cell.episode === episode
      },
      ended(end) {
        const isSlow = end.verdict === 'succeeded' && slow(end, withOverride(policy, read()))
        note(end, isSlow)
        const verdict = isSlow ? 'failed' : end.verdict
        return change(policy, (before, now) => {
          const isOurs = before.open !== undefined && before.episode === episode
          const after = isOurs ? afterProbe(before, probe, verdict, now, cooldown(end, now), clock.now()) : before
          return { cell: after, result: changeFrom(before, after) }
        })
      },
    }
  }

  return {
    name,
    isOpen(policy) {
      const cell = read()
      return cell.open !== undefined && refusesAt(cell, withOverride(policy, cell), clock.now())
    },
    enter(policy) {
      const cell = read()
      if (!cell.open) return permit(cell.episode, policy)
      if (refusesAt(cell, withOverride(policy, cell), clock.now())) return undefined
      return change(policy, (before, inForce) => {
        if (!before.open) return { cell: before, result: permit(before.episode, policy) }
        const claimed = withProbe(before, inForce, clock.now())
        if (!claimed) return { cell: before, result: undefined }
        return { cell: claimed.cell, result: probePermit(before.episode, claimed.probe, policy) }
      })
    },
    share: () => shareAt(read(), clock.now()),
    opensIn: () => opensInAt(read(), clock.now()),
    why: () => read().open?.why,
    lastTrouble: () => read().last.at(-1)?.message,
    flush,
  }
}

function slow({ took_ms }: CallEnd, { slow_call_ms }: BreakerPolicy): boolean {
  return slow_call_ms !== undefined && took_ms !== undefined && took_ms > slow_call_ms
}

/** The server may know better when it is back. */
function cooldown({ retry_after_ms }: CallEnd, { cooldown_ms }: BreakerPolicy): number {
  return retry_after_ms === undefined ? cooldown_ms : Math.min(cooldown_ms, retry_after_ms)
}
