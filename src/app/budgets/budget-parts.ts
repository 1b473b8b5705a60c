/** What accounts are kept with: who this process is, and what the journals say. */
import type { BudgetSettings } from '../../domain/budget.ts'
import type { AccountsParts } from '../../executor/resilience/budget/accounts.ts'
import type { Store } from '../../state/store/contract.ts'
import { probeHolder, thisHolder } from '../../state/store/holder.ts'
import { journaledMoney } from './journaled-money.ts'

export interface BudgetPartsOptions {
  store(): Promise<Store>
  settings: BudgetSettings
  sandbox: boolean
  warn(message: string): void
}

export function budgetParts({
  store,
  settings,
  sandbox,
  warn,
}: BudgetPartsOptions): Omit<AccountsParts, 'cells' | 'clock' | 'random'> {
  return {
    settings,
    spender: thisHolder(),
    lifeOf: probeHolder,
    async journaled(of, period) {
      const unreadable = ({ run_id }: { run_id: string }) =>
        warn(`the journal of run ${run_id} is damaged: what it cost is not in the budget`)
      return journaledMoney(await store(), of, period, { sandbox, unreadable })
    },
    warn,
  }
}
