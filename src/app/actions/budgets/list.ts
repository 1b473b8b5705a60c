/** Lists budgets with what is spent, set aside and left. */
import { z } from 'zod'
import { budgetRow, budgetShape, budgetsHere } from '../../budgets/budget-rows.ts'
import { defineAction } from '../../action.ts'

export const listBudgets = defineAction({
  noun: 'budgets',
  verb: 'list',
  summary: 'list budgets with what is spent, set aside and left',
  input: z.object({
    check: z.boolean().default(false).describe('hold them against the journals, and end leases of processes that died'),
  }),
  output: z.object({
    budgets: z.array(budgetShape),
    /** No call is let through that costs something: one of all calls, by day or month, is spent. */
    over: z.boolean(),
  }),
  async run(app, { check }, context) {
    const options = { world: app.world, check, warn: context.warn }
    const budgets = []
    for (const wanted of await budgetsHere(app)) budgets.push(await budgetRow(app, wanted, options))
    return { budgets, over: budgets.some(({ state }) => state === 'spent') }
  },
})
