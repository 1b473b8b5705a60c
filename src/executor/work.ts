/** What is known of a call on its way, of a candidate whose turn it is, and of the attempts at it. */
import type { RetryPolicy } from '../domain/retry-policy.ts'
import type { RoutingDecision } from '../domain/routing.ts'
import type { Clock } from '../std/clock.ts'
import type { JsonObject } from '../std/json.ts'
import type { Random } from '../std/random.ts'
import type { Candidate, OpenCall, Target } from '../targets/target.ts'
import type { Purse } from './reservation.ts'
import type { CallContext, CallFact, CallSpec } from './contract.ts'
import type { Ledger } from './ledger.ts'
import type { BudgetAccounts } from './resilience/budget/accounts.ts'
import type { CallLimitsOf } from './resilience/limits/call-limits.ts'
import type { Breakers } from './resilience/breaker/breakers.ts'
import type { backoffDelay } from './resilience/retry/retry.ts'
import type { Latencies } from './resilience/retry/latencies.ts'
import type { RetryBudgets } from './resilience/retry/retry-budget.ts'
import type { Deadline } from './resilience/retry/timeout.ts'
import type { Pupil, Router } from './routing/router.ts'

/** A call on its way. */
export interface Work {
  targets(kind: string): Promise<Target>
  clock: Clock
  random: Random
  limits: CallLimitsOf
  accounts: BudgetAccounts | undefined
  purse: Purse
  spec: CallSpec
  context: CallContext
  ledger: Ledger
  /** Of the whole call; `signal.aborted`: there is no next candidate. */
  whole: Deadline
  /** Of the agent whose turn it is, within the whole. */
  deadline: Deadline
  backoff: typeof backoffDelay
  router: Router
  breakers: Breakers
  retryBudgets: RetryBudgets
  latencies(candidate: Candidate): Latencies
}

/** A candidate that may be called. */
export interface Turn {
  position: number
  candidate: Candidate
  target: Target
  /** Defaults merged in. */
  input: JsonObject
  open: OpenCall | undefined
  retry: RetryPolicy
  /** Attempts that earlier processes made. */
  made: number
  /** Whether no other candidate comes after it. */
  last: boolean
  /** Whether none of the same agent could come after it. */
  alone: boolean
  /** Why it was chosen, until that is journaled. */
  decision: RoutingDecision | undefined
  pupil: Pupil
  /** What the cache had to say, until that is journaled. */
  missed?: CallFact | undefined
}

export interface Tries {
  call: number
  /** The number is in use: the call goes on (taken up, or after a 429), which is no new attempt. */
  entered: boolean
  open: OpenCall | undefined
  made: number
  /** Failures in a row, 429s included: what back-off grows with. */
  failures: number
  /** 429s in a row. */
  refused: number
  delay: number | undefined
  /** Told when the create was let go. */
  sent?: () => void
}
