/** What runs cost that are removed stays spent: their journals, which budgets are held against, are gone then. */
import { asAccount, asCell } from '../../executor/resilience/budget/account.ts'
import { type AccountOf, cellName, periodKinds, periodOf } from '../../executor/resilience/budget/periods.ts'
import type { Store } from '../../state/store/contract.ts'
import type { Cells } from '../../std/cells.ts'
import { moneyOf } from '../budgets/journaled-money.ts'

/** Dollars by cell, of the day and the month that it is. Asked before the runs are removed. */
export async function moneyOfRuns(store: Store, runIds: Iterable<string>, now: number): Promise<Map<string, number>> {
  const sums = new Map<string, number>()
  for (const runId of runIds) {
    for (const { agent, began, usd } of await moneyOf(store, runId)) {
      for (const kind of periodKinds) {
        const period = periodOf(kind, now)
        if (began < period.since || usd === 0) continue
        const accounts: AccountOf[] = agent === undefined ? [{ kind }] : [{ kind }, { kind, agent }]
        for (const of of accounts) sums.set(cellName(of, period), (sums.get(cellName(of, period)) ?? 0) + usd)
      }
    }
  }
  return sums
}

/** Remembers it in those accounts that there are. */
export async function keepMoney(cells: Cells, sums: ReadonlyMap<string, number>): Promise<void> {
  const names = [...sums.keys()]
  await cells.change(names, (before) => ({
    after: names.map((name, at) => {
      const account = asAccount(before[at])
      return account && asCell({ ...account, removed: account.removed + (sums.get(name) ?? 0) })
    }),
    result: undefined,
  }))
}
