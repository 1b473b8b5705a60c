/** Hard budgets that a plan would not fit into, as it is estimated: of the run, the day and the month. */
import { z } from 'zod'
import type { Cap } from '../../domain/budget.ts'
import type { WorkflowDefinition } from '../../domain/definition.ts'
import { dust } from '../../executor/resilience/budget/budget.ts'
import { roundUsd } from '../../workflow/view.ts'
import type { App, World } from '../app.ts'
import { budgetRow } from './budget-rows.ts'

export const passedBudgetShape = z.object({
  /** `run`, `day` or `month`. */
  budget: z.enum(['run', 'day', 'month']),
  hard_usd: z.number(),
  left_usd: z.number(),
})
export type PassedBudget = z.infer<typeof passedBudgetShape>

export interface Estimated {
  definition: Pick<WorkflowDefinition, 'budget_usd'>
  /** Dollars. */
  estimate_usd: number
  /** What the run has spent, of a run that is resumed. */
  spent_usd: number
  /** Of `--budget`, now or before. */
  given_usd: number | undefined
}

export async function passedBudgets(
  app: App,
  world: World,
  { definition, estimate_usd, spent_usd, given_usd }: Estimated,
): Promise<PassedBudget[]> {
  // In replays and tests nothing is paid.
  if (world !== 'real' && world !== 'sandbox') return []
  const config = await app.config()
  config.use('budgets')
  const { per_run, ...periods } = config.budgets ?? {}
  const passed: PassedBudget[] = []
  const hold = (budget: PassedBudget['budget'], hard: number | undefined, left: number) => {
    if (hard === undefined || estimate_usd <= left + dust) return
    passed.push({ budget, hard_usd: hard, left_usd: roundUsd(Math.max(0, left)) ?? 0 })
  }
  const ofRun = given_usd ?? least(definition.budget_usd, per_run)
  hold('run', ofRun, (ofRun ?? 0) - spent_usd)
  for (const kind of ['day', 'month'] as const) {
    const cap = periods[kind]
    if (cap?.hard === undefined) continue
    const options = { world, check: false, warn: () => {} }
    const { left_usd = 0 } = await budgetRow(app, { of: { kind }, cap }, options)
    hold(kind, cap.hard, left_usd)
  }
  return passed
}

function least(written: number | undefined, cap: Cap | undefined): number | undefined {
  const all = [written, cap?.hard].filter((usd) => usd !== undefined)
  return all.length === 0 ? undefined : Math.min(...all)
}
