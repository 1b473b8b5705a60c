/**
 * Token buckets in front of calls. A call takes from all that it passes at once, or from none, in the order of asking;
 * processes that wait for the same bucket take turns. Where much goes through, a process takes blocks from the bucket,
 * and most calls ask nobody.
 */
import type { RateLimit } from '../../../domain/rate-limit.ts'
import { abortReason } from '../../../std/abort.ts'
import type { Cells } from '../../../std/cells.ts'
import type { Clock } from '../../../std/clock.ts'
import {
  type BucketState,
  correct,
  giveBack,
  keptAs,
  leaveQueue,
  lend,
  loanMs,
  pause,
  queueIn,
  stateAt,
  takeFrom,
  waitFor,
} from './bucket.ts'

export interface BucketParts {
  /** Of its cell. */
  name: string
  /** As people are told. */
  title: string
  limit: RateLimit
  /** What is taken is corrected later: there may be more at any moment. */
  corrected?: boolean
}

/** What this process knows of a bucket. */
export interface Bucket extends BucketParts {
  /** Calls of this process, in the order of asking; the first one waits for the bucket, the others for it. */
  readonly waiting: Waiter[]
  /** What is left of a block, and until when it lasts by the monotonic clock. */
  block: { units: number; until: number }
  /** Calls that ask the cell just now: whoever comes later asks after them. */
  asking: number
  /** What more was used than taken, and is not in the cell yet. */
  owed: number
}

interface Short {
  bucket: Bucket
  wait: number
}

interface Waiter {
  order: number
  /** Set while it waits for a bucket. */
  at: Bucket | undefined
  /** Called when it is the first one there. */
  first(): void
  /** Ends its sleep. */
  wake(): void
}

export interface Ask {
  bucket: Bucket
  units: number
}

/** Milliseconds; undefined: nobody knows. */
export type TellWait = (title: string, ms: number | undefined) => void

export interface RateLimiter {
  /**
   * Resolves when the call may go, with how much was taken of each. `tell` hears of waits. Rejects with the signal's
   * reason; then nothing was taken.
   */
  take(asks: readonly Ask[], signal: AbortSignal, tell?: TellWait): Promise<number[]>
  /** What more was used than taken; less than 0: less. Others see it a moment later. */
  correct(corrections: readonly Ask[]): void
  /** The server said no: as `pause` of the bucket. */
  pause(bucket: Bucket, ms: number, allowed?: number): Promise<void>
  /** Writes what was corrected. */
  close(): Promise<void>
}

export interface RateLimiterParts {
  cells(): Promise<Cells>
  clock: Clock
  /** Tells processes apart. */
  process: string
}

/** Nobody sleeps longer before it looks again: somebody may have reset the limit. */
const longestSleepMs = 60_000
/** Nor where other processes may give something back. */
const correctedSleepMs = 1_000
/** Corrections are written so much later, together. */
const correctionMs = 100

export function makeBucket(parts: BucketParts): Bucket {
  return { ...parts, waiting: [], block: { units: 0, until: 0 }, asking: 0, owed: 0 }
}

export function createRateLimiter({ cells, clock, process }: RateLimiterParts): RateLimiter {
  let asked = 0
  const owing = new Set<Bucket>()
  let writing: AbortController | undefined

  /** Changes the states of buckets together. */
  async function change<T>(buckets: readonly Bucket[], work: (states: BucketState[]) => T): Promise<T> {
    const shared = await cells()
    return shared.change(
      buckets.map(({ name }) => name),
      (before) => {
        const now = clock.now()
        const states = buckets.map((bucket, at) => {
          const state = stateAt(before[at], bucket.limit, now)
          if (bucket.owed !== 0) correct(state, bucket.owed)
          bucket.owed = 0
          return state
        })
        const result = work(states)
        return { after: states.map(keptAs), result }
      },
    )
  }

  /** Units of a block that are still good. */
  function inHand({ block }: Bucket): number {
    return clock.monotonic() < block.until ? block.units : 0
  }

  /** Takes from all, or says which has to be waited for, and how long; undefined: somebody else comes first. */
  function attempt(asks: readonly Ask[], me: Waiter): number[] | Promise<number[] | Short | undefined> {
    const open = asks.filter(({ bucket, units }) => bucket.asking > 0 || inHand(bucket) < units)
    const fromBlocks = (): number[] => {
      for (const { bucket, units } of asks) if (!open.some((ask) => ask.bucket === bucket)) bucket.block.units -= units
      return asks.map(({ units }) => units)
    }
    if (open.length === 0) return fromBlocks()
    const buckets = open.map(({ bucket }) => bucket)
    for (const bucket of buckets) bucket.asking += 1
    const asking = change(buckets, (states) => {
      if (aheadOf(me, asks)) return undefined
      const until = clock.monotonic() + loanMs
      let longest = { at: -1, wait: 0 }
      for (const [at, { bucket, units }] of open.entries()) {
        const state = states[at] as BucketState
        giveBack(state, inHand(bucket), process)
        bucket.block.units = 0
        const wait = waitFor(state, units, process)
        if (wait > longest.wait) longest = { at, wait }
      }
      const { at: short, wait } = longest
      if (short >= 0) {
        const { bucket, units } = open[short] as Ask
        queueIn(states[short] as BucketState, units, process, wait)
        // Here and now: who comes a moment later comes after it.
        join(me, bucket)
        return { bucket, wait }
      }
      const taken = fromBlocks()
      for (const [at, { bucket, units }] of open.entries()) {
        const state = states[at] as BucketState
        taken[asks.findIndex((ask) => ask.bucket === bucket)] = takeFrom(state, units, process)
        bucket.block = { units: lend(state, units, process), until }
      }
      return taken
    })
    return asking.finally(() => {
      for (const bucket of buckets) bucket.asking -= 1
    })
  }

  async function writeCorrections(): Promise<void> {
    const open = [...owing].filter(({ owed }) => owed !== 0)
    owing.clear()
    if (open.length > 0) await change(open, () => {})
  }

  function writeSoon(): void {
    if (writing) return
    const over = new AbortController()
    writing = over
    clock
      .sleep(correctionMs, over.signal)
      .then(() => {
        writing = undefined
        return writeCorrections()
      })
      // What could not be corrected is only less exact.
      .catch(() => {})
  }

  async function slept({ bucket, wait }: Short, me: Waiter, signal: AbortSignal): Promise<void> {
    const woken = new AbortController()
    me.wake = () => woken.abort()
    const most = bucket.corrected ? correctedSleepMs : longestSleepMs
    try {
      await clock.sleep(Math.min(wait, most), AbortSignal.any([signal, woken.signal]))
    } catch (error) {
      if (signal.aborted || !woken.signal.aborted) throw error
    }
  }

  async function untilFirst(me: Waiter, bucket: Bucket, signal: AbortSignal): Promise<void> {
    join(me, bucket)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stop = (): void => reject(abortReason(signal))
    me.first = resolve
    signal.addEventListener('abort', stop, { once: true })
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  /** Nobody of this process waits any more: the others need not wait for it. */
  function giveUp(bucket: Bucket): void {
    if (bucket.waiting.length > 0) return
    // Its place is lost a second after its turn anyway.
    change([bucket], ([state]) => leaveQueue(state as BucketState, process)).catch(() => {})
  }

  return {
    async take(asks, signal, tell) {
      asked += 1
      const me: Waiter = { order: asked, at: undefined, first: () => {}, wake: () => {} }
      let told: Bucket | undefined
      try {
        for (;;) {
          if (signal.aborted) throw abortReason(signal)
          const ahead = aheadOf(me, asks)
          if (ahead) await untilFirst(me, ahead.bucket, signal)
          const trying = ahead ? undefined : attempt(asks, me)
          const taken = trying instanceof Promise ? await trying : trying
          if (Array.isArray(taken)) return taken
          if (!taken) continue
          if (told !== taken.bucket) tell?.(taken.bucket.title, taken.wait)
          told = taken.bucket
          await slept(taken, me, signal)
        }
      } catch (error) {
        if (me.at) {
          const bucket = me.at
          leave(me)
          giveUp(bucket)
        }
        throw error
      } finally {
        leave(me)
      }
    },
    correct(corrections) {
      for (const { bucket, units } of corrections) {
        if (units === 0) continue
        bucket.owed += units
        owing.add(bucket)
        bucket.waiting[0]?.wake()
      }
      if (owing.size > 0) writeSoon()
    },
    async pause(bucket, ms, allowed) {
      await change([bucket], ([state]) => {
        giveBack(state as BucketState, inHand(bucket), process)
        bucket.block.units = 0
        pause(state as BucketState, ms, allowed)
      })
    },
    async close() {
      writing?.abort()
      await writeCorrections()
    },
  }
}

function aheadOf({ order }: Waiter, asks: readonly Ask[]): Ask | undefined {
  return asks.find(({ bucket: { waiting } }) => waiting[0] && waiting[0].order < order)
}

/** In the order of asking, wherever it waited before. */
function join(me: Waiter, bucket: Bucket): void {
  if (me.at === bucket) return
  leave(me)
  me.at = bucket
  const later = bucket.waiting.findIndex(({ order }) => order > me.order)
  bucket.waiting.splice(later < 0 ? bucket.waiting.length : later, 0, me)
}

function leave(me: Waiter): void {
  const { at: bucket } = me
  if (!bucket) return
  me.at = undefined
  bucket.waiting.splice(bucket.waiting.indexOf(me), 1)
  bucket.waiting[0]?.first()
}
