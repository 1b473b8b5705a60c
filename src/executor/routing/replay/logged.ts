/** A choice that was made, with what could have been chosen, how probable each was, and what came of it. */
import type { Arm } from '../strategy.ts'

export interface LoggedArm extends Arm {
  /** How probable it was to be chosen; absent: not known. */
  propensity?: number
}

export interface LoggedDecision {
  /** Epoch milliseconds. */
  time: number
  context: string
  /** What the strategy saw; what was removed before is left out. */
  arms: readonly LoggedArm[]
  /** Index into the arms. */
  chosen: number
  outcome: LoggedOutcome
}

export interface LoggedOutcome {
  succeeded: boolean
  /** In [0, 1]; absent: nothing scored it. */
  quality?: number
  latency_ms?: number
  /** Dollars; null: unknown. */
  cost_usd: number | null
}
