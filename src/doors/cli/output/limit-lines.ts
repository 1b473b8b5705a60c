/** Limits, bulkheads and who has places, as tables. */
import type { OutputOf } from '../../../app/action.ts'
import type { listLimits } from '../../../app/actions/limits/list.ts'
import { formatDuration } from '../../../std/duration.ts'
import type { CommandContext } from '../context.ts'
import { oneLine } from './printable.ts'
import { count, formatAge, formatSmallUsd } from './quantity.ts'
import { roomOn, tableLines } from './table.ts'

type Limits = OutputOf<typeof listLimits>
type Limit = Limits['limits'][number]
type Bulkhead = Limits['bulkheads'][number]

const right = { align: 'right' } as const

/** With an empty line between two tables. */
export function apart(tables: readonly (readonly string[])[]): string[] {
  return tables.filter((lines) => lines.length > 0).flatMap((lines, at) => (at === 0 ? lines : ['', ...lines]))
}

export function limitLines(limits: readonly Limit[], context: CommandContext): string[] {
  const { style, stdout } = context
  const rows = limits.map((limit) => {
    const amount = (value: number) => (limit.what === 'dollars' ? formatSmallUsd(value) : whole(value))
    const now = limit.available < 0 ? `-${amount(-limit.available)}` : amount(limit.available)
    return [
      style.bold(nameOf(limit)),
      whatOf(limit),
      amount(limit.per_minute),
      amount(limit.burst),
      limit.available < Math.min(1, limit.burst) ? style.yellow(now) : now,
      stateOf(limit, context),
    ]
  })
  const columns = [
    ...[{ header: 'limit', least: 16, keepsEnd: true }, { header: 'of' }, { header: 'a minute', ...right }],
    ...[{ header: 'at once', ...right }, { header: 'now', ...right }, { header: '' }],
  ]
  return rows.length === 0 ? [] : tableLines(rows, columns, style.dim, roomOn(stdout))
}

export function bulkheadLines(bulkheads: readonly Bulkhead[], { style, stdout }: CommandContext): string[] {
  const rows = bulkheads.map((one) => [
    style.bold(nameOf(one)),
    (one.places >= one.max_concurrent ? style.yellow : String)(`${one.places} of ${one.max_concurrent}`),
    [
      ...(one.waiting > 0 ? [style.yellow(`${count(one.waiting, 'process', 'processes')} waiting`)] : []),
      ...(one.max_queue === undefined ? [] : [style.dim(`${one.max_queue} may wait`)]),
      ...(one.queue_timeout_ms === undefined ? [] : [style.dim(`for ${formatDuration(one.queue_timeout_ms)}`)]),
    ].join(', '),
  ])
  const columns = [
    ...[{ header: 'bulkhead', least: 16, keepsEnd: true }, { header: 'under way', ...right }, { header: '' }],
  ]
  return rows.length === 0 ? [] : tableLines(rows, columns, style.dim, roomOn(stdout))
}

/** Who has places. */
export function placeLines(bulkheads: readonly Bulkhead[], { style, clock }: CommandContext): string[] {
  const rows = bulkheads.flatMap(({ processes }) =>
    processes.map(({ pid, host, places, since }) => [
      pid === undefined ? '?' : String(pid),
      host ?? '?',
      String(places),
      style.dim(formatAge(Date.parse(since), clock.now())),
    ]),
  )
  const columns = [
    ...[{ header: 'process', ...right }, { header: 'host' }, { header: 'places', ...right }, { header: 'since' }],
  ]
  return rows.length === 0 ? [] : tableLines(rows, columns, style.dim)
}

function nameOf({ kind, name }: Pick<Limit, 'kind' | 'name'>): string {
  return oneLine(kind === 'agent' ? `agent ${name}` : name, 60)
}

function whatOf({ kind, what }: Limit): string {
  if (kind !== 'provider') return what
  return what === 'calls' ? 'creates' : what === 'requests' ? 'other requests' : what
}

/** Only what is there: nobody waits for a part of a call. */
function whole(value: number): string {
  return Math.floor(value + 1e-6).toLocaleString('en-US')
}

function stateOf({ paused_until, share, waiting, in_use }: Limit, { style, clock }: CommandContext): string {
  const left = paused_until === undefined ? 0 : Date.parse(paused_until) - clock.now()
  return [
    ...(left > 0 ? [style.red(`paused for ${formatDuration(left)}`)] : []),
    ...(share === undefined ? [] : [style.yellow(`slowed to ${Math.round(share * 100)} %`)]),
    ...(waiting > 0 ? [style.yellow(`${count(waiting, 'process', 'processes')} waiting`)] : []),
    ...(in_use ? [] : [style.dim('not used yet')]),
  ].join(', ')
}
