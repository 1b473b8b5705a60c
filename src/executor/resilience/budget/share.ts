/** What one process has of an account: its lease, what of it is set aside for calls in flight, and what it has not reported. */
import type { Cap, Crossing } from '../../../domain/budget.ts'
import { type Account, type AccountHolder, leased, type Spender, withHolder } from './account.ts'
import { dust } from './budget.ts'
import { type AccountOf, budgetName, cellName, type Period } from './periods.ts'

export interface Share {
  readonly of: AccountOf
  readonly period: Period | undefined
  /** Of its cell. */
  readonly name: string
  /** Of this process in it. */
  readonly key: string
  readonly cap: Cap
  joined: Promise<void> | undefined
  ready: boolean
  /** Its cell is being changed: what is free is not certain. */
  busy: boolean
  lease: number
  reserved: number
  unreported: number
  /** What calls that were taken up cost, less what had been counted of them. */
  correction: number
  /** Spent of the account when its cell was seen last. */
  base: number
  /** Since it was looked at last. */
  used: boolean
}

export function newShare(of: AccountOf, period: Period | undefined, cap: Cap, key: string): Share {
  return {
    ...{ of, period, cap, key, name: cellName(of, period), joined: undefined, ready: false, busy: false },
    ...{ lease: 0, reserved: 0, unreported: 0, correction: 0, base: 0, used: false },
  }
}

/** Whether it can be set aside without asking anybody. */
export function hasFree(share: Share, usd: number): boolean {
  if (usd <= 0) return true
  return share.ready && !share.busy && share.lease - share.reserved - share.unreported + dust >= usd
}

export function setAside(share: Share, usd: number): void {
  share.reserved += usd
  share.used = true
}

export function settle(share: Share, usd: number, actual: number | null): void {
  share.reserved = Math.max(0, share.reserved - usd)
  share.unreported += actual ?? usd
  share.used = true
}

export function crossingOf({ of, cap, base, unreported, reserved }: Share): Crossing | undefined {
  const spent_usd = base + unreported + reserved
  if (cap.soft === undefined || spent_usd <= cap.soft + dust) return undefined
  return { budget: budgetName(of), soft_usd: cap.soft, spent_usd }
}

// ── what a transaction makes of it ──

/** A share after its cell was changed. */
export interface Reported {
  account: Account
  reported: number
  corrected: number
  lease: number
}

/** As it is now, said to the account. `keep`: what is free stays leased. */
export function report(account: Account, share: Share, spender: Spender, now: number, keep: boolean): Reported {
  const { unreported: reported, correction: corrected, reserved, key } = share
  const before: AccountHolder = account.holders[key] ?? { ...spender, usd: 0, spent: 0, since: now }
  const lease = keep ? Math.max(reserved, share.lease - reported) : reserved
  const holder = { ...before, usd: lease, spent: before.spent + reported }
  const spent = Math.max(0, account.spent + reported + corrected)
  return { account: withHolder({ ...account, spent }, key, holder), reported, corrected, lease }
}

export interface Refused {
  share: Share
  account: Account
  /** There would be room if what others have set aside were not spent. */
  mayWait: boolean
}

/** Calls of the same price that a lease is asked for at once, and the part of what is left that it may take. */
const callsAtOnce = 16
const partOfRest = 16

/** Dollars that may be leased to cover another `usd`; undefined: there is no room. */
export function roomFor({ account, lease }: Reported, { cap, key }: Share, usd: number): number | undefined {
  if (cap.hard === undefined) return usd * callsAtOnce
  const free = cap.hard - account.spent - leased(account, key) - lease
  if (free + dust < usd) return undefined
  return usd + Math.max(0, Math.min(usd * (callsAtOnce - 1), (free - usd) / partOfRest))
}

export function refusedBy(share: Share, { account }: Reported, usd: number): Refused {
  return { share, account, mayWait: account.spent + usd <= (share.cap.hard ?? Number.POSITIVE_INFINITY) + dust }
}

/** What is known of the cell after the transaction. */
export function taken(share: Share, { account, reported, corrected, lease }: Reported): void {
  share.unreported -= reported
  share.correction -= corrected
  share.lease = lease
  share.base = account.spent
}
