/** Keeps retries a share of calls, so that a storm of failures is not made worse: one budget a model, in this process. */
import type { RetryBudgetPolicy } from '../../../domain/retry-policy.ts'
import type { Clock } from '../../../std/clock.ts'
import type { Candidate } from '../../../targets/target.ts'

export interface RetryBudget {
  /** A call began: its first attempt, not a retry. */
  called(): void
  /** Whether one more retry may be made, which is then counted. */
  take(): boolean
}

const windowSeconds = 60

/**
 * Of the calls and retries of the last minute (this second and the 59 before it), retries are never more than `ratio` of
 * the calls, or than `min_per_minute` when that is more. A retry counts from when it is decided on, not from when its
 * delay is over: calls that failed with it would be forgotten by then.
 */
function createRetryBudget({ ratio, min_per_minute }: RetryBudgetPolicy, clock: Clock): RetryBudget {
  const calls = createCount(clock)
  const retries = createCount(clock)
  return {
    called: () => calls.add(),
    take() {
      if (retries.sum() + 1 > Math.max(min_per_minute, ratio * calls.sum())) return false
      retries.add()
      return true
    },
  }
}

/** How often something happened in the last minute, by seconds. */
function createCount(clock: Clock): { add(): void; sum(): number } {
  const counts = new Uint32Array(windowSeconds)
  let second = 0
  let sum = 0

  function moveOn(): void {
    const now = Math.floor(clock.monotonic() / 1_000)
    if (now <= second) return
    for (let gone = Math.max(second + 1, now - windowSeconds + 1); gone <= now; gone += 1) {
      const at = gone % windowSeconds
      sum -= counts[at] as number
      counts[at] = 0
    }
    second = now
  }

  return {
    add() {
      moveOn()
      counts[second % windowSeconds] = (counts[second % windowSeconds] as number) + 1
      sum += 1
    },
    sum() {
      moveOn()
      return sum
    },
  }
}

export interface RetryBudgets {
  /** Undefined: its policy sets none. */
  of(
    candidate: Pick<Candidate, 'target' | 'model'>,
    policy: RetryBudgetPolicy | null | undefined,
  ): RetryBudget | undefined
}

export function createRetryBudgets(clock: Clock): RetryBudgets {
  const made = new Map<string, RetryBudget>()
  return {
    of({ target, model }, policy) {
      if (!policy) return undefined
      const key = `${target} ${model} ${policy.ratio} ${policy.min_per_minute}`
      let budget = made.get(key)
      if (!budget) made.set(key, (budget = createRetryBudget(policy, clock)))
      return budget
    },
  }
}

export const noRetryBudgets: RetryBudgets = { of: () => undefined }
