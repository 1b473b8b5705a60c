/** `budgets show`: one budget, who holds what of it, and what it went into. */
import { showBudget } from '../../../../app/actions/budgets/show.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import { flag, required } from '../../option.ts'
import { budgetLines } from '../../output/budget-lines.ts'
import { formatUsd } from '../../output/quantity.ts'
import { tableLines } from '../../output/table.ts'

export const show = defineCommand({
  description:
    'Shows a budget: what is spent, set aside and left, which processes have set something aside, and which agents it went to. Exits 1 when it is spent.',
  args: { name: required('day, month, agent:NAME, agent:NAME:day, or run:ID') },
  options: {
    ...appOptions,
    check: flag('--check', 'hold it against the journals first'),
    json: flag('--json', 'print {budgets, over, holders, agents}'),
  },
  examples: [
    { command: 'replicate-agent budgets show day', what: 'where the money of today went' },
    { command: 'replicate-agent budgets show agent:writer', what: 'all budgets of an agent' },
    { command: 'replicate-agent budgets show run:last', what: 'of the latest run' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const report = await context.call(app, showBudget, { name: given.name, check: given.check })
    const code = report.over ? 1 : 0
    if (context.json) {
      context.printJson(report)
      return code
    }
    const { style } = context
    for (const line of budgetLines(report.budgets, style)) context.print(line)
    const right = { align: 'right' } as const
    const holders = report.holders.map(({ budget, pid, host, reserved_usd }) => [
      ...[budget, `process ${pid} on ${host}`, formatUsd(reserved_usd)],
    ])
    const agents = report.agents.map(({ agent, calls, usd }) => [agent, String(calls), formatUsd(usd)])
    const tables = [
      { rows: holders, columns: [{ header: 'budget' }, { header: 'held by' }, { header: 'reserved', ...right }] },
      { rows: agents, columns: [{ header: 'agent' }, { header: 'calls', ...right }, { header: 'spent', ...right }] },
    ]
    for (const { rows, columns } of tables) {
      if (rows.length === 0) continue
      context.print('')
      for (const line of tableLines(rows, columns, style.dim)) context.print(line)
    }
    return code
  },
})
