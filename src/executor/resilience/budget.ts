/** A cap on what a run and its children spend: set aside before a call, settled after it (ruling 20). */
import { BudgetExceededError } from '../../domain/errors.ts'
import { type Deferred, deferred } from '../../std/deferred.ts'
import type { BudgetGate } from '../contract.ts'

export interface BudgetOptions {
  /** Dollars; absent: nothing is refused, only counted. */
  limit_usd?: number
  /** What earlier processes spent. */
  spent_usd: number
  /** Taken for calls whose price nobody knows; absent: under a limit they are an error. */
  default_usd?: number
  /** The gate of the run that this one is nested in: both must agree. */
  outer?: BudgetGate
}

/** Rounding errors of sums of prices are smaller than this. */
const dust = 1e-9

export function createBudget(options: BudgetOptions): BudgetGate & { spent(): number } {
  const { limit_usd: limit, outer } = options
  let spent = options.spent_usd
  let reserved = 0
  let waiting: Deferred<void> | undefined

  function refuse(usd: number): void {
    if (limit === undefined || usd <= 0 || spent + reserved + usd <= limit + dust) return
    const parts = [`${money(spent)} of ${money(limit)} is spent`]
    if (reserved > dust) parts.push(`${money(reserved)} is set aside for calls in flight`)
    throw new BudgetExceededError(`the budget does not allow another ${money(usd)}: ${parts.join(', ')}`, {
      hint: 'resume the run with a larger --budget; a `timeout` or fewer tokens make what is set aside for a call smaller',
      details: { limit_usd: limit, spent_usd: spent, reserved_usd: reserved, needed_usd: usd },
    })
  }

  const default_usd = options.default_usd ?? outer?.default_usd
  return {
    hard: limit !== undefined || (outer?.hard ?? false),
    ...(default_usd !== undefined && { default_usd }),
    spent: () => spent,
    reserve(usd) {
      refuse(usd)
      const releaseOuter = outer?.reserve(usd)
      reserved += usd
      let released = false
      return (actual) => {
        if (released) return
        released = true
        reserved = Math.max(0, reserved - usd)
        spent += actual ?? usd
        releaseOuter?.(actual)
        waiting?.resolve()
        waiting = undefined
      }
    },
    freed() {
      if (reserved > dust) return (waiting ??= deferred()).promise
      return outer?.freed?.()
    },
  }
}

function money(usd: number): string {
  return `$${usd.toFixed(usd < 0.01 ? 6 : 4)}`
}
