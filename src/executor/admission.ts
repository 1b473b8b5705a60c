/** What every create passes before it is sent: the agent's own limits, budgets, the limit of what it calls. */
import { BudgetExceededError } from '../domain/errors.ts'
import { untilAborted } from '../std/abort.ts'
import type { AttemptParts } from './attempt.ts'
import type { BudgetGate } from './contract.ts'
import type { Used } from './resilience/call-limits.ts'

export interface Admission {
  /** Passed once for each create; gives what was set aside. Throws BudgetExceededError. */
  admit(): Promise<number | undefined>
  /** The attempt is over, and used so much; null or undefined: unknown. */
  release(actual: number | null, tokens: number | undefined): void
}

export function admissionOf(parts: AttemptParts): Admission {
  const { context, deadline, gate, target, candidate, input } = parts
  let leave: (() => void) | undefined
  let release: ((actual: number | null) => void) | undefined
  let reserved: number | undefined
  let used: ((actual: Used) => void) | undefined
  const tell = (title: string, ms: number | undefined): void =>
    context.progress({ call: parts.call, status: waitingFor(title, ms) })
  return {
    async admit() {
      leave ??= await gate?.enter(deadline.signal, tell)
      if (!release) {
        reserved = await priceBefore(parts)
        if (reserved !== undefined) release = await reserve(context.budget, reserved, deadline.signal)
      }
      if (gate) {
        const tokens = gate.counts.tokens ? target.tokens?.(candidate, input) : undefined
        // A create that is made anew uses what was taken for the first one.
        used?.({ usd: 0, tokens: 0 })
        used = await gate.take({ usd: reserved, tokens }, deadline.signal, tell)
      }
      return reserved
    },
    release(actual, tokens) {
      leave?.()
      used?.({ usd: actual, tokens })
      // What was taken up was reserved by an earlier attempt or process; its cost still counts.
      if (release) release(actual)
      else if (actual !== 0 && actual !== null) context.budget.reserve(0)(actual)
    },
  }
}

function waitingFor(title: string, ms: number | undefined): string {
  return ms === undefined
    ? `waiting for a place: ${title} has no more calls under way at once`
    : `waiting for the limit of ${title}, ${ms < 1_000 ? '<1' : Math.ceil(ms / 1_000)} s`
}

/** What to set aside; undefined: unknown, and no cap forbids it. */
async function priceBefore({
  target,
  candidate,
  input,
  context,
  deadline,
  clock,
}: AttemptParts): Promise<number | undefined> {
  const left = deadline.at === undefined ? {} : { timeout_ms: Math.max(0, deadline.at - clock.now()) }
  const known = (await target.estimate(candidate, input, left)) ?? context.budget.default_usd
  if (known !== undefined) return known
  if (!context.budget.hard) return undefined
  throw new BudgetExceededError(`nobody knows what a call of ${candidate.model} costs, so a budget can not be kept`, {
    hint: `say it with \`prices set ${candidate.model} --per-call 0.05\`, give its agent a \`price\`, or run without a budget`,
    details: { model: candidate.model },
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
