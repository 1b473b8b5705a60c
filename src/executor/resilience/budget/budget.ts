/** A cap on what a run with its children, or one of its steps, spends: set aside before a call, settled after it (ruling 20). */
import { type BudgetScope, type Crossing, usdText } from '../../../domain/budget.ts'
import { BudgetExceededError } from '../../../domain/errors.ts'
import { type Deferred, deferred } from '../../../std/deferred.ts'
import type { BudgetGate } from '../../contract.ts'

export interface BudgetOptions {
  /** Dollars; absent: nothing is refused, only counted. */
  limit_usd?: number
  /** Dollars; when they are passed, that is said once. */
  soft_usd?: number
  /** What earlier processes spent, or may have: calls that are open count as what was set aside for them. */
  spent_usd: number
  /** Taken for calls whose price nobody knows; absent: under a limit they are an error. */
  default_usd?: number
  /** The gate of the run that this one is nested in: both must agree. */
  outer?: BudgetGate
  /** Absent: of a run. */
  step?: string
}

/** Rounding errors of sums of prices are smaller than this. */
export const dust = 1e-9

export function createBudget(options: BudgetOptions): BudgetGate & { spent(): number } {
  const { limit_usd: limit, soft_usd: soft, outer, step } = options
  let spent = options.spent_usd
  let reserved = 0
  let waiting: Deferred<void> | undefined
  /** Names of soft caps that were told of. */
  const told = new Set<string>()
  const name = step === undefined ? 'run' : `step ${step}`

  function refuse(usd: number): void {
    if (limit === undefined || usd <= 0 || spent + reserved + usd <= limit + dust) return
    const parts = [`${usdText(spent)} of ${usdText(limit)} is spent`]
    if (reserved > dust) parts.push(`${usdText(reserved)} is set aside for calls in flight`)
    const scope: BudgetScope = step === undefined ? 'run' : 'step'
    const what = step === undefined ? 'the budget' : `the budget of step "${step}"`
    const raise =
      step === undefined
        ? 'resume the run with a larger --budget'
        : `raise the \`budget\` of the step, then \`runs retry --definition current\``
    throw new BudgetExceededError(`${what} does not allow another ${usdText(usd)}: ${parts.join(', ')}`, {
      hint: `${raise}; a \`timeout\` or fewer tokens make what is set aside for a call smaller`,
      details: { scope, limit_usd: limit, spent_usd: spent, reserved_usd: reserved, needed_usd: usd },
    })
  }

  function first(budget: string): boolean {
    if (outer?.first) return outer.first(budget)
    const isNew = !told.has(budget)
    told.add(budget)
    return isNew
  }

  const default_usd = options.default_usd ?? outer?.default_usd
  return {
    hard: limit !== undefined || (outer?.hard ?? false),
    ...(default_usd !== undefined && { default_usd }),
    spent: () => spent,
    first,
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
    add(usd) {
      spent += usd
      outer?.add(usd)
    },
    freed() {
      if (reserved > dust) return (waiting ??= deferred()).promise
      return outer?.freed?.()
    },
    crossed() {
      const all: Crossing[] = outer?.crossed?.() ?? []
      if (soft !== undefined && spent + reserved > soft + dust && first(name))
        all.push({ budget: name, soft_usd: soft, spent_usd: spent + reserved })
      return all
    },
  }
}
