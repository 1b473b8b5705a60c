/** Shows one budget: who holds what of it, and what it went into. */
import { z } from 'zod'
import { UsageError } from '../../../domain/errors.ts'
import { type AccountOf, periodOf } from '../../../executor/resilience/budget/periods.ts'
import { suggest } from '../../../std/suggest.ts'
import { foldEvents } from '../../../workflow/fold.ts'
import { planOfRun } from '../../../workflow/running/hold.ts'
import { roundUsd } from '../../../workflow/view.ts'
import {
  accountOf,
  type BudgetRow,
  budgetRow,
  budgetShape,
  budgetsHere,
  nameOfBudget,
} from '../../budgets/budget-rows.ts'
import { journaledMoney } from '../../budgets/journaled-money.ts'
import { defineAction } from '../../action.ts'
import type { App } from '../../app.ts'
import { findRun } from '../../find-run.ts'

export const showBudget = defineAction({
  noun: 'budgets',
  verb: 'show',
  summary: 'show a budget: who holds what of it, and what it went into',
  input: z.object({
    name: z.string().describe('`day`, `month`, `agent:NAME:day`, `run:ID`; `agent:NAME` is all of an agent'),
    check: z.boolean().default(false).describe('hold it against the journals, and end leases of processes that died'),
  }),
  output: z.object({
    budgets: z.array(budgetShape),
    over: z.boolean(),
    /** Processes that have set something aside, or may. */
    holders: z.array(z.object({ budget: z.string(), pid: z.number(), host: z.string(), reserved_usd: z.number() })),
    /** What calls that count in it cost, or may have; the dearest first. */
    agents: z.array(z.object({ agent: z.string(), calls: z.number(), usd: z.number() })),
  }),
  async run(app, { name, check }, context) {
    if (name.startsWith('run:')) return showRunBudget(app, name.slice(4))
    const options = { world: app.world, check, warn: context.warn }
    const all = await budgetsHere(app)
    const found = all.filter(({ of }) => nameOfBudget(of) === name || `agent:${of.agent}` === name)
    if (found.length === 0)
      throw unknownBudget(
        name,
        all.map(({ of }) => nameOfBudget(of)),
      )
    const report = { budgets: [] as BudgetRow[], holders: [] as Holder[], agents: [] as Spender[] }
    for (const wanted of found) {
      report.budgets.push(await budgetRow(app, wanted, options))
      if (wanted.of.kind !== 'day' && wanted.of.kind !== 'month') continue
      const of: AccountOf = { ...wanted.of, kind: wanted.of.kind }
      const period = periodOf(wanted.of.kind, app.clock.now())
      const account = await accountOf(app, of, period, { ...options, check: false })
      for (const { pid, host, usd } of Object.values(account?.holders ?? {}))
        if (usd > 0)
          report.holders.push({ budget: nameOfBudget(wanted.of), pid, host, reserved_usd: roundUsd(usd) ?? 0 })
      if (report.agents.length === 0 || of.kind === 'month') report.agents = await spendersIn(app, of, period)
    }
    return { ...report, over: report.budgets.some(({ state }) => state === 'spent') }
  },
})

type Holder = { budget: string; pid: number; host: string; reserved_usd: number }
type Spender = { agent: string; calls: number; usd: number }

async function spendersIn(
  app: App,
  of: AccountOf,
  period: ReturnType<typeof periodOf> | undefined,
): Promise<Spender[]> {
  const wanted = { sandbox: app.world === 'sandbox', unreadable: () => {} }
  const sums = new Map<string, Spender>()
  for (const { agent = 'models by their own names', usd } of await journaledMoney(
    await app.store(),
    of,
    period,
    wanted,
  )) {
    const sum = sums.get(agent) ?? { agent, calls: 0, usd: 0 }
    sums.set(agent, { agent, calls: sum.calls + 1, usd: sum.usd + usd })
  }
  return [...sums.values()].map((sum) => ({ ...sum, usd: roundUsd(sum.usd) ?? 0 })).toSorted((a, b) => b.usd - a.usd)
}

/** As its journal has it: what is open counts as what was set aside for it. */
async function showRunBudget(app: App, id: string) {
  const store = await app.store()
  const { run_id } = await findRun(store, id)
  const state = foldEvents(run_id, await store.readEvents(run_id))
  const { definition } = await planOfRun(store, state)
  const { budgets: settings } = await app.config()
  const hard = state.budget_usd ?? least(definition.budget_usd, settings?.per_run?.hard)
  const soft = least(definition.budget_soft_usd, settings?.per_run?.soft)
  const spent = state.spent_usd
  const row: BudgetRow = {
    ...{ name: `run:${run_id}`, scope: 'run', spent_usd: roundUsd(spent) ?? 0, reserved_usd: 0 },
    ...(soft !== undefined && { soft_usd: soft }),
    ...(hard !== undefined && { hard_usd: hard, left_usd: roundUsd(Math.max(0, hard - spent)) ?? 0 }),
    state: hard !== undefined && spent >= hard - 1e-9 ? 'spent' : soft !== undefined && spent > soft ? 'soft' : 'ok',
  }
  const agents = await spendersIn(app, { kind: 'run', run: run_id }, undefined)
  return { budgets: [row], over: row.state === 'spent', holders: [], agents }
}

function least(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b)
}

function unknownBudget(name: string, known: readonly string[]): UsageError {
  const near = suggest(name, known)
  const hint =
    near !== undefined
      ? `did you mean "${near}"?`
      : known.length > 0
        ? `there are ${known.join(', ')}, and run:ID of every run`
        : 'none is set: budgets set day --hard 10'
  return new UsageError(`there is no budget "${name}"`, { hint })
}
