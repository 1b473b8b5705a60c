/** Budgets as verbs show them: what is spent, set aside and left. */
import { z } from 'zod'
import type { AgentBudget, Cap } from '../../domain/budget.ts'
import { asAccount, type Account, leased } from '../../executor/resilience/budget/account.ts'
import { type AccountOf, cellName, type Period, periodOf } from '../../executor/resilience/budget/periods.ts'
import { checkAccount } from '../../executor/resilience/budget/settlement.ts'
import { defined } from '../../std/defined.ts'
import { roundUsd } from '../../workflow/view.ts'
import type { App, World } from '../app.ts'
import { modelsUsedHere } from '../prices/prices-here.ts'
import { budgetParts } from './budget-parts.ts'

export const budgetShape = z.object({
  /** What `budgets show` takes. */
  name: z.string(),
  scope: z.enum(['call', 'run', 'day', 'month']),
  agent: z.string().optional(),
  soft_usd: z.number().optional(),
  hard_usd: z.number().optional(),
  /** Absent: calls and runs have no account here. */
  spent_usd: z.number().optional(),
  /** Leased by processes, for calls in flight and for the next ones. */
  reserved_usd: z.number().optional(),
  /** Under `hard`. */
  left_usd: z.number().optional(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  state: z.enum(['ok', 'soft', 'spent']).optional(),
})
export type BudgetRow = z.infer<typeof budgetShape>

export interface Wanted {
  of: AccountOf | { kind: 'call' | 'run'; agent?: string }
  cap: Cap
}

/** Of the configuration and of agents that may be called here. */
export async function budgetsHere(app: App): Promise<Wanted[]> {
  const config = await app.config()
  config.use('budgets')
  const all = capsIn(config.budgets ?? {}, undefined)
  const known = new Set<string>()
  for (const { candidate } of await modelsUsedHere(app)) {
    const { name, budget } = candidate
    if (!budget || known.has(`${name} ${JSON.stringify(budget)}`)) continue
    known.add(`${name} ${JSON.stringify(budget)}`)
    all.push(...capsIn(budget, name))
  }
  return all
}

function capsIn(budget: AgentBudget, agent: string | undefined): Wanted[] {
  const { per_call, per_run, day, month } = budget
  const whose = agent === undefined ? {} : { agent }
  return [
    ...(day ? [{ of: { kind: 'day' as const, ...whose }, cap: day }] : []),
    ...(month ? [{ of: { kind: 'month' as const, ...whose }, cap: month }] : []),
    ...(per_run ? [{ of: { kind: 'run' as const, ...whose }, cap: per_run }] : []),
    ...(per_call ? [{ of: { kind: 'call' as const, ...whose }, cap: per_call }] : []),
  ]
}

export function nameOfBudget({ kind, agent }: Wanted['of']): string {
  const key = kind === 'run' || kind === 'call' ? `per_${kind}` : kind
  return agent === undefined ? key : `agent:${agent}:${key}`
}

export interface RowOptions {
  world: World
  /** Holds accounts against the journals, and ends leases of processes that died. */
  check: boolean
  warn(message: string): void
}

/** An account that nobody has opened yet is what the journals say. */
export async function budgetRow(app: App, { of, cap }: Wanted, options: RowOptions): Promise<BudgetRow> {
  const name = nameOfBudget(of)
  const caps = defined({ soft_usd: cap.soft, hard_usd: cap.hard })
  const whose = of.agent === undefined ? {} : { agent: of.agent }
  if (of.kind === 'call' || of.kind === 'run') return { name, scope: of.kind, ...whose, ...caps }
  const period = periodOf(of.kind, app.clock.now())
  const { spent, reserved } = await moneyOf(app, { ...whose, kind: of.kind }, period, options)
  const left = cap.hard === undefined ? undefined : Math.max(0, cap.hard - spent - reserved)
  return {
    ...{ name, scope: of.kind, ...whose, ...caps },
    ...{ spent_usd: roundUsd(spent) ?? 0, reserved_usd: roundUsd(reserved) ?? 0 },
    ...(left !== undefined && { left_usd: roundUsd(left) ?? 0 }),
    ...{ since: new Date(period.since).toISOString(), until: new Date(period.until).toISOString() },
    state: stateOf(cap, spent),
  }
}

function stateOf({ soft, hard }: Cap, spent: number): 'ok' | 'soft' | 'spent' {
  if (hard !== undefined && spent >= hard - 1e-9) return 'spent'
  return soft !== undefined && spent > soft ? 'soft' : 'ok'
}

async function moneyOf(
  app: App,
  of: AccountOf,
  period: Period,
  options: RowOptions,
): Promise<{ spent: number; reserved: number }> {
  const account = await accountOf(app, of, period, options)
  if (account) return { spent: account.spent, reserved: leased(account) }
  let spent = 0
  for (const { usd } of await partsFor(app, options).journaled(of, period)) spent += usd
  return { spent, reserved: 0 }
}

/** Undefined: no call has opened it. */
export async function accountOf(
  app: App,
  of: AccountOf,
  period: Period | undefined,
  options: RowOptions,
): Promise<Account | undefined> {
  const cells = await app.cells(options.world)
  const name = cellName(of, period)
  if (options.check) await checkAccount(partsFor(app, options), cells, { name, of, period })
  return asAccount(cells.get(name))
}

function partsFor(app: App, { world, warn }: RowOptions) {
  return budgetParts({ store: () => app.store(), settings: {}, sandbox: world === 'sandbox', warn })
}
