/** What every create passes before it is sent: limits of what it calls, and budgets. */
import type { Crossing } from '../domain/budget.ts'
import type { AttemptParts } from './attempt.ts'
import { reservationOf } from './reservation.ts'
import type { Used } from './resilience/limits/call-limits.ts'

export interface Admitted {
  /** Dollars that were set aside; undefined: its price is not known. */
  reserve_usd: number | undefined
  /** Soft budgets that this call has passed. */
  crossed: readonly Crossing[]
}

export interface Admission {
  /** Counts what is set aside for a call that is taken up. */
  takeUp(): Promise<void>
  /** Passed once for each create. Throws BudgetExceededError. */
  admit(): Promise<Admitted>
  /**
   * The attempt is over, and cost so much; null: unknown. `isOpen`: it may go on remotely, and is taken up. `tokens`: what
   * it used; undefined: unknown.
   */
  release(actual: number | null, how: { isOpen: boolean; tokens: number | undefined }): void
}

export function admissionOf(parts: AttemptParts): Admission {
  const { context, deadline, gate, target, candidate, input } = parts
  const money = reservationOf(parts)
  let leave: (() => void) | undefined
  let used: ((actual: Used) => void) | undefined
  const tell = (title: string, ms: number | undefined): void =>
    context.progress({ call: parts.call, status: waitingFor(title, ms) })
  return {
    takeUp: money.takeUp,
    async admit() {
      leave ??= await gate?.enter(deadline.signal, tell)
      const hold = await money.take()
      if (gate) {
        const tokens = gate.counts.tokens ? target.tokens?.(candidate, input) : undefined
        // A create that is made anew uses what was taken for the first one.
        used?.({ usd: 0, tokens: 0 })
        used = await gate.take({ usd: hold.usd, tokens }, deadline.signal, tell)
      }
      return { reserve_usd: hold.usd, crossed: money.crossed(hold) }
    },
    release(actual, { isOpen, tokens }) {
      leave?.()
      used?.({ usd: actual, tokens })
      money.release(actual, isOpen)
    },
  }
}

function waitingFor(title: string, ms: number | undefined): string {
  return ms === undefined
    ? `waiting for a place in the bulkhead of ${title}`
    : `waiting for the limit of ${title}, ${Math.max(1, Math.round(ms / 1_000))} s`
}
