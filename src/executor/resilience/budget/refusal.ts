/** What is said when a budget refuses a call. */
import { type BudgetScope, type Cap, usdText } from '../../../domain/budget.ts'
import { BudgetExceededError } from '../../../domain/errors.ts'
import { leased } from './account.ts'
import type { AccountOf, Period } from './periods.ts'
import type { Refused } from './share.ts'

export function accountRefusal({ share, account }: Refused, usd: number): BudgetExceededError {
  const { of, period, cap } = share
  const { agent, kind } = of
  const limit_usd = cap.hard ?? 0
  const reserved = leased(account)
  const parts = [`${usdText(account.spent)} is spent`]
  if (reserved > 1e-6) parts.push(`${usdText(reserved)} is set aside for calls in flight`)
  const scope: BudgetScope = agent === undefined && kind !== 'run' ? kind : 'agent'
  return new BudgetExceededError(
    `${whose(of)} of ${usdText(limit_usd)} does not allow another ${usdText(usd)}: ${parts.join(', ')}`,
    {
      hint: hintOf(of, period),
      details: {
        ...{ scope, limit_usd, spent_usd: account.spent, reserved_usd: reserved, needed_usd: usd },
        ...(agent !== undefined && { agent }),
        ...(period && { until: new Date(period.until).toISOString() }),
      },
    },
  )
}

function whose({ agent, kind }: AccountOf): string {
  const when = kind === 'day' ? "today's" : kind === 'month' ? "this month's" : "the run's"
  return agent === undefined ? `${when} budget` : `${when} budget of agent "${agent}"`
}

function hintOf({ agent, kind }: AccountOf, period: Period | undefined): string {
  const raise =
    agent === undefined
      ? `raise it with \`budgets set ${kind} --hard USD\``
      : `raise \`budget.${kind === 'run' ? 'per_run' : kind}\` of the agent, or give it a cheaper \`fallback\``
  if (!period) return raise
  const [day, time = ''] = new Date(period.until).toISOString().split('T')
  return `${raise}, or resume the run after ${day} ${time.slice(0, 5)} UTC`
}

/** Undefined: it may be called. */
export function callRefusal(
  { model, name }: { model: string; name: string },
  usd: number,
  cap: Cap | undefined,
  of: 'agent' | 'all',
): BudgetExceededError | undefined {
  if (cap?.hard === undefined || usd <= cap.hard + 1e-9) return undefined
  const key = of === 'agent' ? `\`budget.per_call\` of agent "${name}"` : '`budgets.per_call` of the configuration'
  return new BudgetExceededError(`a call of ${model} may cost ${usdText(usd)}, and ${usdText(cap.hard)} is allowed`, {
    hint: `a \`timeout\` or fewer tokens make it cost less; the limit is ${key}`,
    details: { scope: 'call', limit_usd: cap.hard, needed_usd: usd, model },
  })
}
