/** What calls cost, as a table: of the journals or of the audit log. */
import type { z } from 'zod'
import type { costRowShape, costTotalShape } from '../../../app/costs/cost-table.ts'
import { oneLine } from './printable.ts'
import { formatUsd } from './quantity.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'

type Sums = z.output<typeof costTotalShape>

export interface CostReport {
  by: string
  since: string
  sandbox: boolean
  rows: readonly z.output<typeof costRowShape>[]
  total: Sums
}

/** With the day that they begin at above them. */
export function costLines(report: CostReport, style: Style): string[] {
  const right = { align: 'right' } as const
  const columns = [
    { header: report.by },
    { header: 'calls', ...right },
    { header: 'cost', ...right },
    { header: 'unknown', ...right },
    { header: 'open', ...right },
    { header: 'failed', ...right },
    { header: 'cached', ...right },
    { header: 'saved', ...right },
  ]
  const rows = report.rows.map((row) => [oneLine(row.key ?? '(none)', 80), ...cellsOf(row)])
  if (report.rows.length > 1) rows.push(['total', ...cellsOf(report.total)].map((cell) => style.bold(cell)))
  const title = `since ${dayOf(report.since)}${report.sandbox ? ', in the sandbox: nothing of it was paid' : ''}`
  return [style.dim(title), '', ...tableLines(rows, columns, style.dim)]
}

function cellsOf(sums: Sums): string[] {
  const few = (number: number) => (number === 0 ? '' : String(number))
  return [
    String(sums.calls),
    formatUsd(sums.cost_usd),
    few(sums.unknown_calls),
    few(sums.open_calls),
    sums.failed_calls === 0 ? '' : `${sums.failed_calls} for ${formatUsd(sums.failed_usd)}`,
    few(sums.cached_calls),
    sums.cached_calls === 0 ? '' : formatUsd(sums.saved_usd),
  ]
}

/** `2026-11-14`, with the time where it is not midnight. */
export function dayOf(iso: string): string {
  return iso.replace('T00:00:00.000Z', '').replace(/T(\d\d:\d\d).*$/, ' $1 UTC')
}
