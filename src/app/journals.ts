/** Goes through the journals of a whole store, a page of runs and a page of events at a time. */
import type { RunEvent } from '../domain/events.ts'
import { StoreError } from '../domain/errors.ts'
import type { RunRecord, Store } from '../state/store/contract.ts'

export interface JournalsWanted {
  /** Epoch milliseconds: the first moment that counts, and the first that counts no more. */
  since: number
  until: number
  /** Of runs in the sandbox, or of real ones. */
  sandbox: boolean
  signal: AbortSignal
}

const runsPerPage = 500
const eventsPerPage = 2_000

/**
 * Runs in whose journal something may stand between two moments, the latest first. Nested runs have journals of their own,
 * so everything comes once.
 */
export async function* runsBetween(
  store: Store,
  { since, until, sandbox, signal }: JournalsWanted,
): AsyncGenerator<RunRecord> {
  let after: RunRecord | undefined
  for (;;) {
    const page = await store.listRuns({
      ...{ nested: true, sandbox, touched_since: since, limit: runsPerPage },
      ...(after && { after }),
    })
    for (const run of page) {
      signal.throwIfAborted()
      if (run.created_at < until) yield run
    }
    after = page.at(-1)
    if (page.length < runsPerPage) return
  }
}

/** Events of a run, page by page; none of one that only replayed a recording, for it called nothing. */
export async function* eventPages(store: Store, runId: string): AsyncGenerator<readonly RunEvent[]> {
  for (let seq = 0; ;) {
    const events = await store.readEvents(runId, seq, eventsPerPage)
    const [first] = events
    if (first?.type === 'run.created' && first.replay !== undefined) return
    yield events
    if (events.length < eventsPerPage) return
    seq = events.at(-1)?.seq ?? seq
  }
}

/** The journal of one run is damaged; those of others can still be read. */
export function isDamage(error: unknown): error is StoreError {
  return error instanceof StoreError && error.code === 'store_corrupt'
}
