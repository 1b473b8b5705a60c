/** Circuit breakers as lines for people. */
import type { OutputOf } from '../../../../app/action.ts'
import type { listBreakers } from '../../../../app/actions/breakers/list.ts'
import { formatDuration } from '../../../../std/duration.ts'
import type { CommandContext } from '../../context.ts'
import { oneLine } from '../../output/printable.ts'
import { formatAge, shortModel } from '../../output/quantity.ts'
import { roomOn, tableLines } from '../../output/table.ts'

export type ShownBreaker = OutputOf<typeof listBreakers>['breakers'][number]

const colours = { closed: 'green', open: 'red', half_open: 'yellow' } as const

export function stateText({ state }: ShownBreaker, { style }: CommandContext): string {
  return style[colours[state]](state.replace('_', ' '))
}

/** The name without its kind where that is clear. */
export function nameText({ kind, subject, name }: ShownBreaker): string {
  return oneLine(shortModel(kind === 'model' ? subject : name), 80)
}

/** What comes next; empty: nothing. */
export function nextText({ opens_in_seconds, trials, share }: ShownBreaker): string {
  if (opens_in_seconds === null) return 'until it is reset'
  if (opens_in_seconds !== undefined) return `a trial call in ${wholeSeconds(opens_in_seconds)}`
  if (trials) {
    const { under_way, succeeded, needed } = trials
    const done = succeeded > 0 ? `${succeeded} of ${needed} succeeded` : ''
    const now = under_way > 0 ? `${under_way} under way` : 'a trial call may go'
    return [now, done].filter(Boolean).join(', ')
  }
  return share < 1 ? `gets ${Math.floor(share * 100)} % of its calls` : ''
}

function wholeSeconds(seconds: number): string {
  return seconds <= 90 ? `${Math.ceil(seconds)} s` : formatDuration(seconds * 1_000)
}

export function breakerLines(breakers: readonly ShownBreaker[], context: CommandContext): string[] {
  const { style, clock, stdout } = context
  const columns = [
    { header: 'model', least: 20, keepsEnd: true },
    { header: 'state' },
    { header: 'why', least: 20 },
    { header: 'next' },
    { header: 'since', spare: 1 },
    { header: 'agents', spare: 2 },
  ]
  const rows = breakers.map((one) => [
    style.bold(nameText(one)),
    stateText(one, context),
    oneLine(one.standing, 80),
    nextText(one),
    one.since === undefined ? '' : style.dim(formatAge(Date.parse(one.since), clock.now())),
    style.dim(oneLine(one.callers.join(', '), 40) + (one.override ? ' (configured)' : '')),
  ])
  return tableLines(rows, columns, style.dim, roomOn(stdout))
}
