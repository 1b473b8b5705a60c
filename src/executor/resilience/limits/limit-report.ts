/** What limits that processes share say of themselves, for people. */
import { perMinuteOf, type RateLimit } from '../../../domain/rate-limit.ts'
import { defined } from '../../../std/defined.ts'
import { isObject, type Json } from '../../../std/json.ts'
import { shareAt, stateAt } from './bucket.ts'
import { readSlots } from './bulkhead.ts'

export interface BucketReport {
  /** At most in any minute, and at once. */
  per_minute: number
  burst: number
  /** Below 0: so much was used too much, and has to come in first. */
  available: number
  /** Of that, what processes have in hand for their next calls. */
  lent: number
  /** Processes that wait. */
  waiting: number
  /** Epoch milliseconds. */
  paused_until?: number
  /** Of the rate, since the server refused; absent: all of it. */
  share?: number
}

/** `limit`: as it is written; absent: as it was used last. Undefined: neither is known. */
export function bucketReport(
  kept: Json | undefined,
  limit: RateLimit | undefined,
  now: number,
): BucketReport | undefined {
  const own = limit ?? limitIn(kept)
  if (!own) return undefined
  const state = stateAt(kept, own, now)
  const lent = Object.values(state.lent).reduce((sum, [units]) => sum + units, 0)
  const share = shareAt(state, now)
  return {
    ...{ per_minute: perMinuteOf(own), burst: own.burst, available: state.level + lent, lent },
    ...defined({ paused_until: state.paused, share: share < 1 ? share : undefined }),
    waiting: state.queue.length,
  }
}

function limitIn(kept: Json | undefined): RateLimit | undefined {
  const { per_minute, burst } = isObject(kept) ? kept : {}
  return typeof per_minute === 'number' && typeof burst === 'number' ? { per_minute, burst } : undefined
}

export interface SlotReport {
  max_concurrent: number
  holders: { process: string; places: number; holder: Json; since: number }[]
  /** Processes that wait. */
  waiting: number
}

export function slotReport(kept: Json | undefined, max: number | undefined, now: number): SlotReport | undefined {
  const state = readSlots(kept)
  const max_concurrent = max ?? state?.max
  if (max_concurrent === undefined) return undefined
  const holders = Object.entries(state?.holders ?? {}).map(([process, { slots, at, holder }]) => ({
    ...{ process, places: slots, holder, since: at },
  }))
  return { max_concurrent, holders, waiting: (state?.queue ?? []).filter(([, until]) => until > now).length }
}
