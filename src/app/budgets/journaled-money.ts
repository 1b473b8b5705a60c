/** What the journals of a store say that calls cost, for the accounts that budgets are kept in. */
import type { AccountOf, Period } from '../../executor/resilience/budget/periods.ts'
import type { RunRecord, Store } from '../../state/store/contract.ts'
import { eventPages, isDamage, runsBetween } from '../journals.ts'
import { type MoneyOfCall, RunMoney } from './run-money.ts'

export interface MoneyWanted {
  sandbox: boolean
  signal?: AbortSignal
  /** Journals that can't be read: what they cost is not in it. */
  unreadable(run: RunRecord): void
}

export async function journaledMoney(
  store: Store,
  of: AccountOf,
  period: Period | undefined,
  wanted: MoneyWanted,
): Promise<MoneyOfCall[]> {
  const found: MoneyOfCall[] = []
  for await (const run of of.kind === 'run' ? familyOf(store, of.run) : touchedIn(store, period, wanted)) {
    try {
      for (const call of await moneyOf(store, run.run_id)) {
        const isIn = !period || (call.began >= period.since && call.began < period.until)
        if (isIn && (of.agent === undefined || call.agent === of.agent)) found.push(call)
      }
    } catch (error) {
      if (!isDamage(error)) throw error
      wanted.unreadable(run)
    }
  }
  return found
}

/** Of a run alone. */
export async function moneyOf(store: Store, runId: string): Promise<MoneyOfCall[]> {
  const money = new RunMoney()
  for await (const events of eventPages(store, runId)) for (const event of events) money.take(event)
  return [...money.calls()]
}

function touchedIn(
  store: Store,
  period: Period | undefined,
  { sandbox, signal }: MoneyWanted,
): AsyncGenerator<RunRecord> {
  const { since = 0, until = Number.MAX_SAFE_INTEGER } = period ?? {}
  return runsBetween(store, { since, until, sandbox, signal: signal ?? new AbortController().signal })
}

/** A run, and those nested in it. */
async function* familyOf(store: Store, runId: string): AsyncGenerator<RunRecord> {
  const run = await store.getRun(runId)
  if (!run) return
  yield run
  for (const child of await store.listRuns({ parent_run_id: runId, nested: true })) yield* familyOf(store, child.run_id)
}
