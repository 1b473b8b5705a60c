/** The money of a call: what is set aside for it in all budgets that it counts in, until it is known what it cost. */
import type { Cap, Crossing } from '../domain/budget.ts'
import { BudgetExceededError } from '../domain/errors.ts'
import { untilAborted } from '../std/abort.ts'
import type { AttemptParts } from './attempt.ts'
import type { BudgetGate } from './contract.ts'
import type { Held } from './resilience/budget/accounts.ts'
import type { Share } from './resilience/budget/share.ts'
import { callRefusal } from './resilience/budget/refusal.ts'

/** What is set aside for a call, in all budgets that it counts in. */
export interface Hold extends Held {
  /** Dollars; undefined: its price is not known. */
  usd: number | undefined
  /** What it comes to when nobody goes on with it; null: unknown. */
  atWorst: number | null
}

/** Holds of calls that are under way or open, by their positions in the chain: those that are taken up keep theirs. */
export type Purse = Map<number, Hold>

export interface Reservation {
  /** Counts what is set aside for a call that is taken up. */
  takeUp(): Promise<void>
  /** Throws BudgetExceededError. */
  take(): Promise<Hold>
  /** Soft budgets that this call has passed, and nobody was told of in this run. */
  crossed(hold: Hold): Crossing[]
  /** The attempt is over, and cost so much; null: unknown. `isOpen`: it may go on remotely, and is taken up. */
  release(actual: number | null, isOpen: boolean): void
}

export function reservationOf(parts: AttemptParts): Reservation {
  const { context, deadline, purse, position, candidate, accounts, open } = parts
  const { budget, labels } = context
  const shares = accounts?.of(candidate, labels.root ?? labels.run_id) ?? []

  async function setAside(): Promise<Hold> {
    const usd = await priceBefore(parts, shares)
    if (usd === undefined) {
      const held = shares.length > 0 ? await accounts?.reserve(shares, 0, deadline.signal) : undefined
      return holding(undefined, held, (actual) => budget.add(actual ?? 0))
    }
    for (const [of, cap] of capsOfCall(parts)) {
      const refusal = callRefusal(candidate, usd, cap, of)
      if (refusal) throw refusal
    }
    const release = await reserve(budget, usd, deadline.signal)
    if (shares.length === 0) return holding(usd, undefined, release)
    try {
      return holding(usd, await accounts?.reserve(shares, usd, deadline.signal), release)
    } catch (error) {
      release(0)
      throw error
    }
  }

  function crossings(usd: number | undefined): Crossing[] {
    const all = shares.length > 0 ? (accounts?.crossed(shares) ?? []) : []
    for (const [of, cap] of capsOfCall(parts)) {
      if (cap?.soft === undefined || usd === undefined || usd <= cap.soft) continue
      all.push({
        budget: of === 'agent' ? `agent ${candidate.name}, call` : 'call',
        soft_usd: cap.soft,
        spent_usd: usd,
      })
    }
    const fresh = all.filter((crossing) => budget.first?.(crossing.budget) ?? true)
    const own = budget.crossed?.()
    return own ? [...own, ...fresh] : fresh
  }

  return {
    async takeUp() {
      if (!open || purse.has(position)) return
      // The run's own gates have counted it since the run was taken up.
      const { reserve_usd: usd } = open
      const held = shares.length > 0 ? await accounts?.adopt(shares, open) : undefined
      purse.set(
        position,
        holding(usd, held, (actual) => budget.add((actual ?? usd ?? 0) - (usd ?? 0))),
      )
    },
    async take() {
      const known = purse.get(position)
      if (known?.usd) return known
      known?.settle(0)
      purse.delete(position)
      const hold = await setAside()
      purse.set(position, hold)
      return hold
    },
    crossed: ({ usd }) => crossings(usd),
    release(actual, isOpen) {
      const hold = purse.get(position)
      if (hold) hold.atWorst = actual
      if (isOpen) return
      if (hold) hold.settle(actual)
      // It was never asked for.
      else if (actual) budget.add(actual)
      purse.delete(position)
    },
  }
}

/** Once. */
function holding(usd: number | undefined, held: Held | undefined, release: (actual: number | null) => void): Hold {
  let isOver = false
  return {
    usd,
    atWorst: null,
    settle(actual) {
      if (isOver) return
      isOver = true
      release(actual)
      held?.settle(actual)
    },
  }
}

/** What is still open when nobody goes on with it may be spent. */
export function closePurse(purse: Purse): void {
  for (const hold of purse.values()) hold.settle(hold.atWorst)
  purse.clear()
}

function capsOfCall({ candidate, accounts }: AttemptParts): ['agent' | 'all', Cap | undefined][] {
  return [
    ['agent', candidate.budget?.per_call],
    ['all', accounts?.perCall],
  ]
}

/** What to set aside; undefined: unknown, and no cap forbids it. */
async function priceBefore(parts: AttemptParts, shares: readonly Share[]): Promise<number | undefined> {
  const { target, candidate, input, context, deadline, clock, accounts } = parts
  const left = deadline.at === undefined ? {} : { timeout_ms: Math.max(0, deadline.at - clock.now()) }
  const known = (await target.estimate(candidate, input, left)) ?? context.budget.default_usd ?? accounts?.default_usd
  if (known !== undefined) return known
  const hard = shares.filter(({ cap }) => cap.hard !== undefined)
  const isOfRun = context.budget.hard || hard.some(({ of }) => of.agent === undefined)
  const isOfCall = hard.length > 0 || capsOfCall(parts).some(([, cap]) => cap?.hard !== undefined)
  if (!isOfRun && !isOfCall) return undefined
  throw new BudgetExceededError(`nobody knows what a call of ${candidate.model} costs, so a budget can not be kept`, {
    hint: `say it with \`prices set ${candidate.model} --per-call 0.05\`, give its agent a \`price\`, set \`budgets.default_usd\`, or run without a budget`,
    details: { scope: isOfRun ? 'run' : 'call', model: candidate.model },
  })
}

/** Upper bounds give most of themselves back: what is refused only for reservations in flight waits for them. */
async function reserve(gate: BudgetGate, usd: number, signal: AbortSignal): Promise<(actual: number | null) => void> {
  for (;;) {
    try {
      return gate.reserve(usd)
    } catch (error) {
      const freed = gate.freed?.()
      if (!freed) throw error
      await untilAborted(freed, signal)
    }
  }
}
