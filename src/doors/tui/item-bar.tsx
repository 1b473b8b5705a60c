/** The items of a foreach as a bar: done, failed, under way, to come. */
import { Text } from 'ink'
import { type ItemsView, settledItems } from './live-state.ts'
import type { Paint, Tone } from './palette.ts'

export interface ItemBarProps {
  items: ItemsView
  /** Characters of the bar itself. */
  width: number
  paint: Paint
}

export function ItemBar({ items, width, paint }: ItemBarProps) {
  const parts: [Tone, string, number][] = [
    ['good', '█', items.succeeded],
    ['quiet', '█', items.skipped],
    ['bad', '█', items.failed + items.cancelled],
    ['busy', '▒', items.open.size],
  ]
  let drawn = 0
  let counted = 0
  let bar = ''
  for (const [tone, sign, count] of parts) {
    counted += count
    const end = items.total === 0 ? 0 : Math.min(width, Math.round((counted / items.total) * width))
    bar += paint(tone, sign.repeat(Math.max(0, end - drawn)))
    drawn = Math.max(drawn, end)
  }
  bar += paint('quiet', '░'.repeat(Math.max(0, width - drawn)))
  const failed = items.failed > 0 ? paint('bad', `, ${items.failed} failed`) : ''
  return (
    <Text wrap="truncate-end">
      {bar} {settledItems(items)}/{items.total}
      {failed}
    </Text>
  )
}
