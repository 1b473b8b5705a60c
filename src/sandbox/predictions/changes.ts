/** Lets those who wait for a prediction be woken when this process changes it. */
import { deferred, type Deferred } from '../../std/deferred.ts'
import { untilAborted } from '../../std/abort.ts'
import type { Clock } from '../../std/clock.ts'

export interface Changes {
  /** Resolves after `ms` or when `id` changes, whichever is first; rejects when the signal aborts. */
  next(id: string, ms: number, signal: AbortSignal): Promise<void>
  announce(id: string): void
}

/** Seen by nobody; without a reason, each `abort()` would make an error of its own. */
const changed = new Error('it has changed')

export function createChanges(clock: Clock): Changes {
  const waiting = new Map<string, { deferred: Deferred<void>; waiters: number }>()
  return {
    async next(id, ms, signal) {
      const entry = waiting.get(id) ?? { deferred: deferred(), waiters: 0 }
      waiting.set(id, entry)
      entry.waiters += 1
      const over = new AbortController()
      try {
        // when the change wins, or the signal, the sleep is called off below and its rejection means nothing
        const slept = clock.sleep(ms, over.signal).catch(() => {})
        await untilAborted(Promise.race([slept, entry.deferred.promise]), signal)
      } finally {
        over.abort(changed)
        entry.waiters -= 1
        if (entry.waiters === 0 && waiting.get(id) === entry) waiting.delete(id)
      }
    },
    announce(id) {
      const entry = waiting.get(id)
      waiting.delete(id)
      entry?.deferred.resolve()
    },
  }
}
