/** Budgets of all calls: as written → as they are kept. */
import type { z } from 'zod'
import { budgetFields, budgetOf, capSpec } from '../documents/agent/budget-spec.ts'
import type { Report } from '../documents/loading.ts'
import { dollars, strict } from '../documents/spec-fields.ts'
import type { BudgetSettings } from '../domain/budget.ts'

export const budgetsSpec = strict(
  'budgets',
  {
    ...budgetFields,
    per_run: capSpec('What a run may spend, nested runs included; `--budget` says otherwise.').optional(),
    default_usd: dollars(
      'What a call is taken to cost whose price nobody knows. Without it, such a call is refused under a hard budget.',
    ).optional(),
  },
  'What calls may cost, in dollars: in all runs and processes of a state folder together.',
  'must be a mapping, as in `budgets: {day: 10, month: {soft: 80, hard: 100}}`',
)

/** Undefined: there are none. */
export function budgetSettings(
  written: z.infer<typeof budgetsSpec> | undefined,
  report: Report,
): BudgetSettings | undefined {
  if (!written) return undefined
  const { default_usd, ...caps } = written
  const settings: BudgetSettings = budgetOf(caps, ['budgets'], report) ?? {}
  if (default_usd !== undefined) settings.default_usd = default_usd
  return Object.keys(settings).length > 0 ? settings : undefined
}
