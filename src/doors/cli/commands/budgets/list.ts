/** `budgets list`: budgets with what is spent, set aside and left. */
import { listBudgets } from '../../../../app/actions/budgets/list.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag } from '../../option.ts'
import { budgetLines } from '../../output/budget-lines.ts'

export const list = defineCommand({
  description:
    'Lists the budgets of the configuration and of agents here, with what is spent, set aside and left. Exits 1 when one is spent.',
  args: {},
  options: {
    ...appOptions,
    check: flag('--check', 'hold them against the journals, and end what processes that died had set aside'),
    json: flag('--json', 'print {budgets, over}'),
  },
  examples: [
    { command: 'replicate-agent budgets list', what: 'how much is left' },
    { command: 'replicate-agent budgets list --check', what: 'after a crash, or after calls without a budget' },
    { command: 'replicate-agent budgets list --sandbox', what: "the sandbox's own money" },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const report = await context.call(app, listBudgets, { check: given.check })
    const code = report.over ? 1 : 0
    if (context.json) {
      context.printJson(report)
      return code
    }
    if (report.budgets.length === 0) context.note('there is no budget: budgets set day --hard 10')
    for (const line of budgetLines(report.budgets, context.style)) context.print(line)
    return code
  },
})
