/** What may be spent: as policies have it, and as refusals and warnings name it. */
import { type ErrorData, type ReplicateAgentError } from './errors.ts'

/** Dollars. What passes `soft` is warned of, what would pass `hard` is refused before it is called. */
export interface Cap {
  soft?: number
  hard?: number
}

/** Of an agent. */
export interface AgentBudget {
  per_call?: Cap
  /** In a run and those nested in it. */
  per_run?: Cap
  /** In all runs, by days and months of UTC. */
  day?: Cap
  month?: Cap
}

/** Of the configuration: `per_run` is what a run may spend that says nothing else. */
export interface BudgetSettings extends AgentBudget {
  /** What a call is taken to cost whose price nobody knows, dollars. */
  default_usd?: number
}

/** What a budget is of. A step's and a call's belong to definitions; the others come back, or may be raised. */
export const budgetScopes = ['call', 'step', 'agent', 'run', 'day', 'month'] as const
export type BudgetScope = (typeof budgetScopes)[number]

/** A soft cap that was passed. */
export interface Crossing {
  /** `day`, `agent writer, month`, … */
  budget: string
  soft_usd: number
  /** Spent and set aside when it was noticed. */
  spent_usd: number
}

function scopeOf({
  code,
  details,
}: Pick<ErrorData | ReplicateAgentError, 'code' | 'details'>): BudgetScope | undefined {
  if (code !== 'budget_exceeded') return undefined
  return budgetScopes.find((scope) => scope === details?.['scope']) ?? 'run'
}

/** Whether every other call of the run would be refused, too. */
export function isRunWide(error: Pick<ErrorData | ReplicateAgentError, 'code' | 'details'>): boolean {
  const scope = scopeOf(error)
  return scope === 'run' || scope === 'day' || scope === 'month'
}

/** Whether the same call is let through later, or by a larger budget: what it stopped can be resumed. */
export function isResumable(error: Pick<ErrorData | ReplicateAgentError, 'code' | 'details'>): boolean {
  return isRunWide(error) || scopeOf(error) === 'agent'
}

export function usdText(usd: number): string {
  const [whole, cents = ''] = usd.toFixed(usd < 0.01 ? 6 : 4).split('.')
  return `$${whole}.${cents.replace(/0+$/, '').padEnd(2, '0')}`
}
