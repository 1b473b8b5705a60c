/** Reads what a whole store says of money. */
import type { StoreError } from '../../domain/errors.ts'
import type { RunRecord, Store } from '../../state/store/contract.ts'
import { eventPages, isDamage, type JournalsWanted, runsBetween } from '../journals.ts'
import { RunSpending, type Spending } from './spending.ts'

export interface SpendingOfRun extends Spending {
  run: RunRecord
}

export interface ReadSpending extends JournalsWanted {
  /** The journal of a run is damaged: what it cost is not in the result. */
  unreadable(run: RunRecord, error: StoreError): void
}

export async function* readSpending(store: Store, options: ReadSpending): AsyncGenerator<SpendingOfRun> {
  const { since, until } = options
  for await (const run of runsBetween(store, options)) {
    try {
      for await (const spending of spendingOf(store, run.run_id))
        if (spending.time >= since && spending.time < until) yield { ...spending, run }
    } catch (error) {
      if (!isDamage(error)) throw error
      options.unreadable(run, error)
    }
  }
}

async function* spendingOf(store: Store, runId: string): AsyncGenerator<Spending> {
  const spending = new RunSpending()
  for await (const events of eventPages(store, runId)) {
    for (const event of events) {
      const entry = spending.take(event)
      if (entry) yield entry
    }
  }
  yield* spending.rest()
}
