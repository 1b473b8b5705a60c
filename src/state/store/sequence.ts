/** Events of a run are numbered without gaps: the one rule that every backend checks before it writes. */
import { StoreError } from '../../domain/errors.ts'
import type { RunEvent } from '../../domain/events.ts'

/** Throws StoreError `store` unless the events are numbered `first`, `first + 1`, … */
export function checkSequence(runId: string, events: readonly RunEvent[], first: number): void {
  for (const [at, event] of events.entries()) {
    if (event.seq !== first + at) {
      throw new StoreError(
        'store',
        `events of run ${runId} are numbered wrongly: ${event.seq} stands where ${first + at} belongs`,
      )
    }
  }
}
