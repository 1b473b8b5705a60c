/** Ends a process on this host that holds a run but is stopped, so that the run can be taken over (ruling 24). */
import { StoreError } from '../domain/errors.ts'
import type { LeaseHolder } from '../state/store/contract.ts'
import { probeHolder } from '../state/store/holder.ts'
import type { Clock } from '../std/clock.ts'

const patienceMs = 5_000
const lookEveryMs = 20

/** A stopped process handles no other signal than SIGKILL. Throws StoreError `held` when it lives on. */
export async function endHolder(holder: LeaseHolder, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + patienceMs
  if (probeHolder(holder) === 'gone') return
  try {
    process.kill(holder.pid, 'SIGKILL')
  } catch (cause) {
    throw new StoreError('held', `process ${holder.pid}, which holds the run, can't be ended`, { cause })
  }
  while (probeHolder(holder) !== 'gone') {
    if (clock.monotonic() > deadline)
      throw new StoreError('held', `process ${holder.pid}, which holds the run, does not end`)
    await clock.sleep(lookEveryMs)
  }
}
