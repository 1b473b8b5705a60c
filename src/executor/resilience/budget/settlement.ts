/** What becomes of the leases of processes that died, and of accounts that are of no use any more. */
import type { Cells } from '../../../std/cells.ts'
import {
  type Account,
  asAccount,
  asCell,
  type CallMoney,
  deadHolders,
  type Life,
  missing,
  settled,
  type Spender,
} from './account.ts'
import { dust } from './budget.ts'
import { type AccountOf, isOver, type Period, prefix } from './periods.ts'

export interface SettlementParts {
  lifeOf(spender: Spender): Life
  journaled(of: AccountOf, period: Period | undefined): Promise<readonly CallMoney[]>
  warn(message: string): void
}

/** True when some had died: their money is what the journals say now. */
export async function settleDead(
  parts: SettlementParts,
  cells: Cells,
  { name, of, period }: { name: string; of: AccountOf; period: Period | undefined },
): Promise<boolean> {
  for (let found = false; ; found = true) {
    const seen = asAccount(cells.get(name))
    const dead = seen ? deadHolders(seen, (holder) => parts.lifeOf(holder)) : []
    if (!seen || dead.length === 0) return found
    const extra = await owed(parts, seen, dead, { of, period })
    await cells.change([name], ([cell]) => {
      const now = asAccount(cell)
      const next = now && settled(now, seen, dead, extra)
      return { after: next ? [asCell(next)] : [], result: undefined }
    })
  }
}

/**
 * Ends leases of the dead, and counts what others spent that kept no budget: processes that were started before there was
 * one, or elsewhere without one. An account that is not there stays so.
 */
export async function checkAccount(
  parts: SettlementParts,
  cells: Cells,
  account: { name: string; of: AccountOf; period: Period | undefined },
): Promise<void> {
  await settleDead(parts, cells, account)
  const seen = asAccount(cells.get(account.name))
  if (!seen) return
  const extra = missing(seen, [], await parts.journaled(account.of, account.period))
  if (extra <= dust) return
  await cells.change([account.name], ([cell]) => {
    const now = asAccount(cell)
    const next = now && settled(now, seen, [], extra)
    return { after: next ? [asCell(next)] : [], result: undefined }
  })
}

async function owed(
  { journaled, warn }: SettlementParts,
  seen: Account,
  dead: readonly string[],
  { of, period }: { of: AccountOf; period: Period | undefined },
): Promise<number> {
  const leases = dead.reduce((sum, key) => sum + (seen.holders[key]?.usd ?? 0), 0)
  // Nothing of theirs was on its way.
  if (leases <= 0) return 0
  try {
    return Math.max(0, missing(seen, dead, await journaled(of, period)))
  } catch (error) {
    warn(
      `what a process that died had set aside counts as spent: ${error instanceof Error ? error.message : String(error)}`,
    )
    return leases
  }
}

export async function dropOld(cells: Cells, now: number): Promise<void> {
  const old = [...cells.list(prefix)].flatMap(([name, cell]) =>
    isOver(name, asAccount(cell)?.made ?? 0, now) ? [name] : [],
  )
  if (old.length > 0) await cells.change(old, () => ({ after: old.map(() => undefined), result: undefined }))
}
