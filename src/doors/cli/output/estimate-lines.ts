/** What one call would be, for people: whether its input fits, who would answer, for about how much. */
import { type OldPrice, oldPricesLine } from '../../../app/prices/old-prices.ts'
import { formatDuration } from '../../../std/duration.ts'
import { formatUsd, shortModel } from './quantity.ts'
import type { Style } from './style.ts'
import { tableLines } from './table.ts'

interface Estimate {
  agent: string
  checked: boolean
  routing?: { strategy: string; chosen?: string | undefined; refused?: string | undefined } | undefined
  candidates: readonly {
    model: string
    chance?: number | undefined
    removed_by?: string | undefined
    agent?: string | undefined
    estimate_usd: number | null
    basis?: 'learned' | 'price' | 'limit' | undefined
    mean_usd: number | null
    most_usd: number | null
    estimate_ms: number | null
  }[]
  old_prices: readonly OldPrice[]
}

const bases = { learned: 'mean of earlier calls', price: 'by its price', limit: 'the most it can be' } as const

export function estimateLines({ agent, checked, routing, candidates, old_prices }: Estimate, style: Style): string[] {
  const input = checked
    ? style.green('✓ the input fits')
    : style.yellow('! the input could not be checked: nothing is known of what it takes')
  const rows = candidates.map((each) => [
    `${each.chance !== undefined && each.model === routing?.chosen ? style.green('→') : ' '} ${shortModel(each.model)}`,
    each.agent === undefined ? '' : style.dim(`of ${each.agent}`),
    each.chance === undefined ? '' : `${Math.round(each.chance * 100)} %`,
    `${each.basis === 'limit' ? '≤ ' : ''}${formatUsd(each.estimate_usd)}`,
    style.dim(each.basis === undefined ? 'no price is known' : bases[each.basis]),
    each.basis === 'learned' ? formatUsd(each.most_usd) : '',
    each.mean_usd === null || each.basis === 'learned' ? '' : formatUsd(each.mean_usd),
    each.estimate_ms === null ? '' : formatDuration(each.estimate_ms),
    each.removed_by === undefined ? '' : style.yellow(each.removed_by),
  ])
  const right = { align: 'right' } as const
  const columns = [
    { header: routing ? `  one would be called, by ${routing.strategy}` : '  would be called, in this order' },
    { header: '' },
    { header: 'chance', ...right },
    { header: 'cost', ...right },
    { header: '' },
    { header: 'at most', ...right },
    { header: 'mean', ...right },
    { header: 'time', ...right },
    { header: '' },
  ]
  const refused = routing?.refused === undefined ? [] : ['', style.red(routing.refused)]
  const old = old_prices.length === 0 ? [] : ['', style.yellow(oldPricesLine(old_prices))]
  return [`${style.bold(agent)}  ${input}`, '', ...tableLines(rows, columns, style.dim), ...refused, ...old]
}
