/** Budgets as a table. */
import type { BudgetRow } from '../../../app/budgets/budget-rows.ts'
import type { Style } from './style.ts'
import { formatUsd } from './quantity.ts'
import { tableLines } from './table.ts'

const right = { align: 'right' } as const
const columns = [
  ...[
    { header: 'budget' },
    { header: 'spent', ...right },
    { header: 'reserved', ...right },
    { header: 'left', ...right },
  ],
  ...[{ header: 'limit' }, { header: 'ends (UTC)' }],
]

/** In yellow what has passed its soft cap, in red what is spent. */
export function budgetLines(budgets: readonly BudgetRow[], style: Style): string[] {
  const rows = budgets.map((row) => {
    const colour = row.state === 'spent' ? style.red : row.state === 'soft' ? style.yellow : (text: string) => text
    return [
      row.name,
      row.spent_usd === undefined ? '' : colour(formatUsd(row.spent_usd)),
      row.reserved_usd === undefined ? '' : formatUsd(row.reserved_usd),
      row.left_usd === undefined ? '' : colour(formatUsd(row.left_usd)),
      capText(row),
      row.until === undefined ? '' : style.dim(row.until.slice(0, 16).replace('T', ' ')),
    ]
  })
  return tableLines(rows, columns, style.dim)
}

export function capText({ soft_usd, hard_usd }: Pick<BudgetRow, 'soft_usd' | 'hard_usd'>): string {
  const parts: string[] = []
  if (hard_usd !== undefined) parts.push(formatUsd(hard_usd))
  if (soft_usd !== undefined)
    parts.push(
      `${hard_usd === undefined ? '' : 'warns at '}${formatUsd(soft_usd)}${hard_usd === undefined ? ' (only warns)' : ''}`,
    )
  return parts.length > 0 ? parts.join(', ') : 'none'
}
