/** Reads what a whole store says of money, a page of runs and a page of events at a time. */
import { StoreError } from '../../domain/errors.ts'
import type { RunRecord, Store } from '../../state/store/contract.ts'
import { RunSpending, type Spending } from './spending.ts'

export interface SpendingOfRun extends Spending {
  run: RunRecord
}

export interface ReadSpending {
  /** Epoch milliseconds: the first moment that counts, and the first that counts no more. */
  since: number
  until: number
  /** Of the sandbox, or real ones. Replays cost nothing, and are left out. */
  sandbox: boolean
  signal: AbortSignal
  /** The journal of a run is damaged: what it cost is not in the result. */
  unreadable(run: RunRecord, error: StoreError): void
}

const runsPerPage = 500
const eventsPerPage = 2_000

/** Nested runs have journals of their own, so everything comes once. */
export async function* readSpending(store: Store, options: ReadSpending): AsyncGenerator<SpendingOfRun> {
  const { since, until, sandbox, signal } = options
  let after: RunRecord | undefined
  for (;;) {
    const page = await store.listRuns({
      ...{ nested: true, sandbox, touched_since: since, limit: runsPerPage },
      ...(after && { after }),
    })
    for (const run of page) {
      signal.throwIfAborted()
      if (run.created_at >= until) continue
      try {
        for await (const spending of spendingOf(store, run.run_id))
          if (spending.time >= since && spending.time < until) yield { ...spending, run }
      } catch (error) {
        if (!(error instanceof StoreError && error.code === 'store_corrupt')) throw error
        options.unreadable(run, error)
      }
    }
    after = page.at(-1)
    if (page.length < runsPerPage) return
  }
}

async function* spendingOf(store: Store, runId: string): AsyncGenerator<Spending> {
  const spending = new RunSpending()
  for (let seq = 0; ;) {
    const events = await store.readEvents(runId, seq, eventsPerPage)
    for (const event of events) {
      if (event.type === 'run.created' && event.replay !== undefined) return
      const entry = spending.take(event)
      if (entry) yield entry
    }
    if (events.length < eventsPerPage) break
    seq = events.at(-1)?.seq ?? seq
  }
  yield* spending.rest()
}
