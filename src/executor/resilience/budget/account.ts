/**
 * The money of one budget of a day, a month or a run, as the processes that spend it share it: a cell.
 *
 * Invariants:
 *  1. Spent and the leases of all holders together never exceed the cap: a lease grows only in the transaction that saw room
 *     for it.
 *  2. What a holder has set aside for calls in flight, and what they cost since it last said so, fits into its lease.
 *  3. The lease of a holder that died becomes what the journals say that its calls spent, or may have spent.
 */
import type { Json } from '../../../std/json.ts'

/** A process, as its leases name it. */
export interface Spender {
  pid: number
  host: string
  started: string
  boot: string
}

export interface AccountHolder extends Spender {
  /** Its lease, dollars. */
  usd: number
  /** What of `spent` it reported, dollars. */
  spent: number
  /** Its calls from then on, epoch milliseconds, are in its lease or reported. */
  since: number
}

export interface Account {
  /** Epoch milliseconds. */
  made: number
  spent: number
  holders: Readonly<Record<string, AccountHolder>>
  /** How often holders came, or dead ones were settled. */
  settlements: number
  /** Of `spent`, what runs cost whose journals were removed. */
  removed: number
}

/** What a call cost, or may have: of an open one, what was set aside. */
export interface CallMoney {
  usd: number
  /** Which process began it, and when. */
  pid: number
  host: string
  began: number
}

export type Life = 'alive' | 'stopped' | 'gone' | 'elsewhere'

export const newAccount = (spent: number, made: number): Account => ({
  made,
  spent,
  holders: {},
  settlements: 0,
  removed: 0,
})

export const asAccount = (cell: Json | undefined): Account | undefined => cell as unknown as Account | undefined
export const asCell = (account: Account): Json => account as unknown as Json

/** Dollars that are leased, without what `but` has. */
export function leased({ holders }: Account, but?: string): number {
  let usd = 0
  for (const [key, holder] of Object.entries(holders)) if (key !== but) usd += holder.usd
  return usd
}

export function withHolder(account: Account, key: string, holder: AccountHolder | undefined): Account {
  const { [key]: _before, ...holders } = account.holders
  return { ...account, holders: holder ? { ...holders, [key]: holder } : holders }
}

export function deadHolders({ holders }: Account, lifeOf: (holder: AccountHolder) => Life): string[] {
  return Object.keys(holders).filter((key) => lifeOf(holders[key] as AccountHolder) === 'gone')
}

/**
 * What there is to add to `spent` when the leases of `dead` end: what all calls cost that are not of somebody living, less
 * what was known of it.
 */
export function missing(account: Account, dead: readonly string[], calls: Iterable<CallMoney>): number {
  const living = Object.entries(account.holders).flatMap(([key, holder]) => (dead.includes(key) ? [] : [holder]))
  const isLiving = ({ pid, host, began }: CallMoney): boolean =>
    living.some((holder) => holder.pid === pid && holder.host === host && began >= holder.since)
  let usd = account.removed + living.reduce((sum, { spent }) => sum + spent, 0)
  for (const call of calls) if (!isLiving(call)) usd += call.usd
  return usd - account.spent
}

/**
 * Ends the leases of the dead; undefined when `extra` is not about what is there now: somebody else settled, came, or one
 * of the dead went on after `seen` until it died.
 */
export function settled(now: Account, seen: Account, dead: readonly string[], extra: number): Account | undefined {
  if (now.settlements !== seen.settlements) return undefined
  const isAsSeen = (key: string): boolean => {
    const [is, was] = [now.holders[key], seen.holders[key]]
    return is?.usd === was?.usd && is?.spent === was?.spent
  }
  if (!dead.every(isAsSeen)) return undefined
  let next: Account = { ...now, spent: Math.max(0, now.spent + extra), settlements: now.settlements + 1 }
  for (const key of dead) next = withHolder(next, key, undefined)
  return next
}
