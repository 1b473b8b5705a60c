/** Budgets of days, months and agents, as this process keeps them together with others: leased in blocks, reported in batches. */
import type { BudgetSettings, Cap, Crossing } from '../../../domain/budget.ts'
import { ReplicateAgentError } from '../../../domain/errors.ts'
import { abortReason, untilAborted } from '../../../std/abort.ts'
import type { Cells } from '../../../std/cells.ts'
import type { Clock } from '../../../std/clock.ts'
import { type Deferred, deferred } from '../../../std/deferred.ts'
import type { Random } from '../../../std/random.ts'
import type { Candidate, OpenCall } from '../../../targets/target.ts'
import {
  type Account,
  asAccount,
  asCell,
  type CallMoney,
  type Life,
  newAccount,
  type Spender,
  withHolder,
} from './account.ts'
import { type AccountOf, type Period, periodKinds, periodOf } from './periods.ts'
import { accountRefusal } from './refusal.ts'
import { dropOld, settleDead } from './settlement.ts'
import {
  crossingOf,
  hasFree,
  newShare,
  type Refused,
  refusedBy,
  report,
  type Reported,
  roomFor,
  setAside,
  settle,
  type Share,
  taken,
} from './share.ts'

export interface AccountsParts {
  cells(): Promise<Cells>
  settings: BudgetSettings
  clock: Clock
  random: Random
  /** This process. */
  spender: Spender
  lifeOf(spender: Spender): Life
  /** What the journals say that calls cost, or may have, which began in the period or are of the run. */
  journaled(of: AccountOf, period: Period | undefined): Promise<readonly CallMoney[]>
  warn(message: string): void
}

/** What was set aside for a call. */
export interface Held {
  /** Dollars; null: unknown, and all of it counts as spent. Once. */
  settle(actual: number | null): void
}

/** Milliseconds between two reports, and between two looks at what others gave back. */
const reportEveryMs = 250
const lookEveryMs = 50
/** How long a holder is waited for that is stopped, or on another machine: nobody knows whether it goes on. */
const patienceMs = 60_000

export class BudgetAccounts {
  readonly #parts: AccountsParts
  readonly #shares = new Map<string, Share>()
  readonly #over = new AbortController()
  readonly #id: string
  #queue: Promise<unknown> = Promise.resolve()
  #ticking: Promise<void> | undefined
  #freed: Deferred<void> | undefined

  constructor(parts: AccountsParts) {
    this.#parts = parts
    this.#id = `${parts.spender.pid}.${Math.floor(parts.random() * 2 ** 32).toString(36)}`
  }

  get perCall(): Cap | undefined {
    return this.#parts.settings.per_call
  }

  get default_usd(): number | undefined {
    return this.#parts.settings.default_usd
  }

  /** What a call of a candidate has to fit into. `root`: the outermost run. */
  of({ name, budget }: Pick<Candidate, 'name' | 'budget'>, root: string): Share[] {
    const { settings, clock } = this.#parts
    if (!settings.day && !settings.month && !budget) return []
    const now = clock.now()
    const shares: Share[] = []
    for (const kind of periodKinds) {
      if (settings[kind]) shares.push(this.#share({ kind }, settings[kind], now))
      if (budget?.[kind]) shares.push(this.#share({ kind, agent: name }, budget[kind], now))
    }
    if (budget?.per_run) shares.push(this.#share({ kind: 'run', run: root, agent: name }, budget.per_run, now))
    return shares
  }

  /** Sets aside. Throws BudgetExceededError; while others have set aside what may be left, it waits. */
  async reserve(shares: readonly Share[], usd: number, signal: AbortSignal): Promise<Held> {
    const began = this.#parts.clock.monotonic()
    for (;;) {
      const held = this.#take(shares, usd)
      if (held) return held
      if (signal.aborted) throw abortReason(signal)
      for (const share of shares) if (!share.ready) await this.#join(share)
      const refused = await this.#alone(() => this.#lease(shares, usd))
      if (!refused) continue
      if (await this.#endDead(refused.share)) continue
      if (!refused.mayWait || !this.#mayChange(refused, this.#parts.clock.monotonic() - began))
        throw accountRefusal(refused, usd)
      await this.#room(signal)
    }
  }

  /** Of a call that an earlier process made, or this one in an earlier run of it: what was counted of it is put right when it ends. */
  async adopt(shares: readonly Share[], { intended_at, reserve_usd = 0 }: OpenCall): Promise<Held> {
    const counting = shares.filter(({ period }) => !period || intended_at >= period.since)
    for (const share of counting) if (!share.ready) await this.#join(share)
    return {
      settle: (actual) => {
        for (const share of counting) share.correction += (actual ?? reserve_usd) - reserve_usd
        this.#tick()
      },
    }
  }

  /** Soft caps that are passed. */
  crossed(shares: readonly Share[]): Crossing[] {
    const all: Crossing[] = []
    for (const share of shares) {
      const crossing = crossingOf(share)
      if (crossing) all.push(crossing)
    }
    return all
  }

  /** Gives back what is left of every lease; what is still set aside counts as spent. */
  async close(): Promise<void> {
    this.#over.abort()
    await this.#ticking
    const open = [...this.#shares.values()].filter(({ ready }) => ready)
    if (open.length === 0) return
    for (const share of open) settle(share, share.reserved, null)
    await this.#alone(() =>
      this.#change(open, (account, share) => {
        const said = report(account, share, this.#parts.spender, this.#parts.clock.now(), false)
        return { ...said, account: withHolder(said.account, share.key, undefined) }
      }),
    )
  }

  #share(of: AccountOf, cap: Cap, now: number): Share {
    const id = `${of.kind} ${of.agent ?? ''} ${of.kind === 'run' ? of.run : ''} ${cap.soft} ${cap.hard}`
    const known = this.#shares.get(id)
    if (known && (!known.period || now < known.period.until)) return known
    const period = of.kind === 'run' ? undefined : periodOf(of.kind, now)
    const share = newShare(of, period, cap, `${this.#id}.${this.#shares.size}`)
    // What is left to say of the day before is said by its next report.
    if (known) this.#shares.set(`${id} ${known.name}`, known)
    this.#shares.set(id, share)
    return share
  }

  /** Undefined: leases do not cover it. */
  #take(shares: readonly Share[], usd: number): Held | undefined {
    for (const share of shares) if (!hasFree(share, usd)) return undefined
    for (const share of shares) setAside(share, usd)
    this.#tick()
    let isOpen = true
    return {
      settle: (actual) => {
        if (!isOpen) return
        isOpen = false
        for (const share of shares) settle(share, usd, actual)
        this.#freed?.resolve()
        this.#freed = undefined
      },
    }
  }

  /** Undefined when the lease of each covers it now, or did by then. */
  async #lease(shares: readonly Share[], usd: number): Promise<Refused | undefined> {
    const lacking = shares.filter((share) => !hasFree(share, usd))
    if (lacking.length === 0) return undefined
    const { spender, clock } = this.#parts
    let refused: Refused | undefined
    await this.#change(lacking, (account, share) => {
      const said = report(account, share, spender, clock.now(), false)
      const room = roomFor(said, share, usd)
      if (room === undefined) refused ??= refusedBy(share, said, usd)
      if (room === undefined) return said
      const holder = said.account.holders[share.key]
      const lease = said.lease + room
      return { ...said, lease, account: withHolder(said.account, share.key, holder && { ...holder, usd: lease }) }
    })
    // What is leased and not used is given back.
    this.#tick()
    return refused
  }

  async #change(shares: readonly Share[], next: (account: Account, share: Share) => Reported): Promise<void> {
    const cells = await this.#parts.cells()
    for (const share of shares) share.busy = true
    try {
      // Two shares may be of one cell, under different caps.
      const names = [...new Set(shares.map(({ name }) => name))]
      const all = await cells.change(names, (before) => {
        const accounts = new Map(
          names.map((name, at) => [name, asAccount(before[at]) ?? newAccount(0, this.#parts.clock.now())]),
        )
        const result = shares.map((share) => {
          const said = next(accounts.get(share.name) as Account, share)
          accounts.set(share.name, said.account)
          return said
        })
        return { after: names.map((name) => asCell(accounts.get(name) as Account)), result }
      })
      for (const [at, share] of shares.entries()) taken(share, all[at] as Reported)
    } finally {
      for (const share of shares) share.busy = false
    }
  }

  /** One transaction of this process after the other. */
  #alone<T>(change: () => Promise<T>): Promise<T> {
    const mine = this.#queue.then(change)
    this.#queue = mine.catch(() => {})
    return mine
  }

  // ── with others ──

  /** Money that was spent before there was a budget counts, and so does that of processes that died. */
  #join(share: Share): Promise<void> {
    share.joined ??= this.#joinNow(share).catch((error: unknown) => {
      share.joined = undefined
      throw error
    })
    return share.joined
  }

  async #joinNow(share: Share): Promise<void> {
    const { journaled, clock, spender } = this.#parts
    const cells = await this.#parts.cells()
    let before = 0
    if (cells.get(share.name) === undefined) {
      for (const { usd } of await journaled(share.of, share.period)) before += usd
      await dropOld(cells, clock.now())
    } else await this.#endDead(share)
    await cells.change([share.name], ([cell]) => {
      const now = clock.now()
      const account = asAccount(cell) ?? newAccount(before, now)
      const holder = { ...spender, usd: 0, spent: 0, since: now }
      share.base = account.spent
      const joined = { ...withHolder(account, share.key, holder), settlements: account.settlements + 1 }
      return { after: [asCell(joined)], result: undefined }
    })
    share.ready = true
  }

  async #endDead(share: Share): Promise<boolean> {
    return settleDead(this.#parts, await this.#parts.cells(), share)
  }

  /** Whether somebody who has set money aside can still give it back. */
  #mayChange({ account }: Refused, waitedMs: number): boolean {
    const { lifeOf } = this.#parts
    return Object.entries(account.holders).some(([key, holder]) => {
      if (holder.usd <= 0) return false
      return key.startsWith(`${this.#id}.`) || waitedMs < patienceMs || lifeOf(holder) === 'alive'
    })
  }

  async #room(signal: AbortSignal): Promise<void> {
    const look = new AbortController()
    const freed = (this.#freed ??= deferred()).promise
    const looked = this.#parts.clock.sleep(lookEveryMs, look.signal).catch(() => {})
    try {
      await untilAborted(Promise.race([freed, looked]), signal)
    } finally {
      look.abort()
    }
  }

  // ── reports ──

  #tick(): void {
    if (this.#over.signal.aborted) return
    this.#ticking ??= this.#ticks().finally(() => {
      this.#ticking = undefined
    })
  }

  async #ticks(): Promise<void> {
    for (;;) {
      try {
        await this.#parts.clock.sleep(reportEveryMs, this.#over.signal)
      } catch {
        return
      }
      try {
        await this.#reportAll()
      } catch (error) {
        if (!(error instanceof ReplicateAgentError)) throw error
        this.#parts.warn(`what was spent could not be told to other processes: ${error.message}`)
        return
      }
      if (![...this.#shares.values()].some((share) => share.reserved > 0 || share.lease > 0 || isUnsaid(share))) return
    }
  }

  async #reportAll(): Promise<void> {
    const shares = [...this.#shares.values()]
    for (const share of shares) if (!share.ready && isUnsaid(share)) await this.#join(share)
    await this.#alone(async () => {
      const open = shares.filter(
        (share) => share.ready && (isUnsaid(share) || (!share.used && share.lease > share.reserved)),
      )
      const { spender, clock } = this.#parts
      if (open.length > 0)
        await this.#change(open, (account, share) => report(account, share, spender, clock.now(), share.used))
    })
    for (const [id, share] of this.#shares) {
      share.used = false
      const isPast = share.period && share.period.until <= this.#parts.clock.now()
      if (isPast && share.reserved <= 0 && share.lease <= 0 && !isUnsaid(share)) this.#shares.delete(id)
    }
  }
}

function isUnsaid({ unreported, correction }: Share): boolean {
  return unreported !== 0 || correction !== 0
}
