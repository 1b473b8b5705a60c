/** Tries something on the database until no other process is in the way, without blocking the event loop. */
import { setImmediate as turn } from 'node:timers/promises'
import { StoreError } from '../../../domain/errors.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Random } from '../../../std/random.ts'
import { isBusy, storeError } from './failure.ts'

export interface Patience {
  clock: Clock
  random: Random
  /** For messages. */
  file: string
}

/** How long a locked database is waited for, milliseconds. */
const giveUpAfterMs = 30_000
/** A lock is mostly held for less than a few turns of the event loop; sleeping costs a millisecond at least. */
const quickTries = 20
const longestSleepMs = 2

/**
 * SQLite's own busy handler would block the event loop and starves one of two busy processes, so the database's
 * timeout is 0 and waiting is done here. `onBusy` is told when there is something to wait for. Throws StoreError.
 */
export async function whenFree<T>(
  operation: () => T,
  { clock, random, file }: Patience,
  onBusy?: () => void,
): Promise<T> {
  let since: number | undefined
  for (let tries = 1; ; tries += 1) {
    try {
      return operation()
    } catch (error) {
      if (!isBusy(error)) throw storeError(error, file)
      if (tries === 1) onBusy?.()
      since ??= clock.monotonic()
      if (clock.monotonic() - since >= giveUpAfterMs) {
        throw new StoreError(
          'store',
          `the store ${file} was locked by another process for ${giveUpAfterMs / 1_000} s`,
          {
            cause: error,
            hint: 'Find the process that holds the file open (for example with `lsof`), and end it or wait for it.',
          },
        )
      }
    }
    await (tries <= quickTries ? turn() : shortSleep({ clock, random }))
  }
}

export function shortSleep({ clock, random }: Pick<Patience, 'clock' | 'random'>): Promise<void> {
  return clock.sleep(random() * longestSleepMs)
}
