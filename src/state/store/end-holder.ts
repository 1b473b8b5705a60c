/** Ends a process that holds a run but can't go on by itself, for `--take-over` (ruling 24). */
import { StoreError } from '../../domain/errors.ts'
import type { Clock } from '../../std/clock.ts'
import type { LeaseHolder } from './contract.ts'
import { probeHolder } from './holder.ts'

const lookAgainMs = 20
const giveUpAfterMs = 10_000

/**
 * Kills the holder and waits until it is gone; one that is gone already is fine. A stopped process would keep any
 * gentler signal until it is continued, and then write once more. Throws StoreError `held`.
 */
export async function endHolder(holder: LeaseHolder, clock: Clock): Promise<void> {
  const life = probeHolder(holder)
  if (life === 'gone') return
  if (life === 'elsewhere') {
    throw new StoreError('held', `process ${holder.pid} on ${holder.host} can't be ended from here`, {
      hint: `End it on ${holder.host}, or wait until its lease expires.`,
    })
  }
  try {
    process.kill(holder.pid, 'SIGKILL')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ESRCH') return
    throw new StoreError('held', `process ${holder.pid} may not be ended by this user`, {
      cause,
      hint: `End it yourself: kill -9 ${holder.pid}`,
    })
  }
  const since = clock.monotonic()
  while (probeHolder(holder) !== 'gone') {
    if (clock.monotonic() - since > giveUpAfterMs) {
      throw new StoreError('held', `process ${holder.pid} was killed but does not end`, {
        hint: 'It hangs in the kernel, most likely waiting for a disk or a network file system.',
      })
    }
    await clock.sleep(lookAgainMs)
  }
}
