/** The events of a run as plain lines: one an event, aligned, for logs and pipes. */
import type { RunNews } from '../../../domain/events.ts'
import type { RunOutline } from '../../../app/action.ts'
import { formatDuration } from '../../../std/duration.ts'
import { decisionText } from './decision-lines.ts'
import { oneLine } from './printable.ts'
import { cachedText, count, formatUsd, shortModel } from './quantity.ts'
import { coloured, marks } from './status.ts'
import type { Style } from './style.ts'
import { pad } from './table.ts'

type Event = RunNews['event']
type OneOf<T extends Event['type']> = Extract<Event, { type: T }>

const mostLabel = 28

/**
 * Gives the line of an event, or undefined for those that say nothing to people. Times count from the first event. Of the
 * items of a foreach, those are told of that called a model or did not succeed; the line of the step counts the others.
 */
export function eventLines(runId: string, outline: RunOutline, style: Style): (news: RunNews) => string | undefined {
  const width = Math.min(mostLabel, Math.max(3, ...outline.steps.map(({ id }) => id.length)))
  const hasFinally = outline.steps.some(({ group }) => group === 'finally')
  const fans = new Map<string, Tally>()
  let began: number | undefined
  return (news) => {
    const { event } = news
    began ??= event.time
    if (event.type === 'run.finalising' && !hasFinally) return undefined
    const text = isItem(event)
      ? sentenceOfItem(event, tallyOf(fans, news.run_id, event.step), style)
      : sentence(event, style, 'step' in event ? fans.get(`${news.run_id} ${event.step}`) : undefined)
    if (event.type === 'foreach.expanded') tallyOf(fans, news.run_id, event.step)
    if (text === undefined) return undefined
    const time = pad(formatDuration(Math.max(0, event.time - began)), 7, 'right')
    return `${style.dim(time)}  ${pad(labelOf(news, runId), width)}  ${text}`
  }
}

/** How many items of a foreach ended how. */
type Tally = Partial<Record<OneOf<'step.settled'>['status'], number>>

function tallyOf(fans: Map<string, Tally>, run: string, step: string): Tally {
  const key = `${run} ${step}`
  const tally = fans.get(key) ?? {}
  fans.set(key, tally)
  return tally
}

function isItem(event: Event): event is Event & { step: string; index: number } {
  return 'step' in event && 'index' in event && event.index !== undefined
}

/** Pure data and skipped items are only counted, and no item is told of when it begins or its model is chosen. */
function sentenceOfItem(event: Event, tally: Tally, style: Style): string | undefined {
  if (event.type === 'step.started' || event.type === 'call.routed') return undefined
  if (event.type !== 'step.settled') return sentence(event, style)
  tally[event.status] = (tally[event.status] ?? 0) + 1
  const isData = event.status === 'succeeded' && event.model === undefined
  return isData || event.status === 'skipped' ? undefined : sentence(event, style)
}

/** `draw`, `draw[2]`; steps of nested runs with the step that they are nested in. */
function labelOf({ run_id, event }: RunNews, root: string): string {
  const nested = run_id === root ? '' : run_id.slice(root.length + 1)
  if (!('step' in event)) return nested === '' ? 'run' : nested
  const index = 'index' in event ? event.index : undefined
  const step = index === undefined ? event.step : `${event.step}[${index}]`
  return nested === '' ? step : `${nested}/${step}`
}

function sentence(event: Event, style: Style, items?: Tally): string | undefined {
  const teller = Object.hasOwn(tellers, event.type) ? (tellers[event.type] as Teller) : undefined
  return teller?.(event, style, items)
}

/** `items`: how those of the event's step ended, when it has some. */
type Teller = (event: Event, style: Style, items?: Tally) => string | undefined

const width = 160
const short = (text: string) => oneLine(text, width)
const yellow = (style: Style, text: string) => style.yellow(text)

function tell<T extends Event['type']>(
  _type: T,
  teller: (event: OneOf<T>, style: Style, items?: Tally) => string | undefined,
): Teller {
  return teller as Teller
}

const tellers: Partial<Record<Event['type'], Teller>> = {
  'run.started': tell('run.started', (event, style) => (event.seq > 2 ? style.dim('going on') : undefined)),
  'run.retried': tell(
    'run.retried',
    (event) => `attempt ${event.attempt}: ${event.reset.map(({ step }) => step).join(', ')} again`,
  ),
  'run.pausing': tell('run.pausing', (event, style) =>
    yellow(style, `pausing, asked by ${event.by}: no more steps are started`),
  ),
  'run.cancelling': tell('run.cancelling', (event, style) => yellow(style, `cancelling, asked by ${event.by}`)),
  'run.stopping': tell('run.stopping', (event, style) =>
    style.red(`no more calls are made: ${short(event.error.message)}`),
  ),
  'run.timed_out': tell('run.timed_out', (event, style) =>
    style.red(`timed out after ${formatDuration(event.after_ms)}`),
  ),
  'run.finalising': tell('run.finalising', (_event, style) => style.dim('finally')),
  'run.waiting': tell('run.waiting', (event, style) => {
    const what = event.waiting_for === 'approval' ? 'waits for an approval' : 'paused'
    return coloured('waiting', `${marks.waiting} ${what}`, style)
  }),
  'run.settled': tell(
    'run.settled',
    (event, style) =>
      `${coloured(event.status, `${marks[event.status]} ${event.status}`, style)}  ${formatUsd(event.cost_usd)}`,
  ),
  'step.started': tell('step.started', (_event, style) => style.dim(`${marks.running} started`)),
  'foreach.expanded': tell('foreach.expanded', (event, style) => style.dim(count(event.count, 'item'))),
  'step.settled': tell('step.settled', settled),
  'round.settled': tell('round.settled', (event, style) => style.dim(`round ${event.round} done`)),
  'child.started': tell('child.started', (event, style) => style.dim(`nested run ${event.run_id}`)),
  'approval.requested': tell('approval.requested', (event, style) =>
    coloured('waiting', `${marks.waiting} asks: ${short(event.message)}`, style),
  ),
  'approval.answered': tell(
    'approval.answered',
    (event) => `${event.approved ? 'approved' : 'rejected'} by ${event.by}`,
  ),
  'call.routed': tell('call.routed', (event, style) => style.dim(short(decisionText(event.decision)))),
  'call.reattached': tell('call.reattached', (event, style) => yellow(style, reattached(event))),
  'call.settled': tell('call.settled', (event, style) => {
    if (event.status !== 'failed' && event.status !== 'abandoned') return undefined
    const again = event.retry_in_ms === undefined ? '' : `; again in ${formatDuration(event.retry_in_ms)}`
    return yellow(style, `attempt ${event.call} failed: ${short(event.error?.message ?? event.status)}${again}`)
  }),
}

function settled(event: OneOf<'step.settled'>, style: Style, items?: Tally): string {
  const mark = coloured(event.status, marks[event.status], style)
  if (event.status === 'skipped')
    return `${mark} ${style.dim(`skipped${event.reason === undefined ? '' : `: ${short(event.reason)}`}`)}`
  const facts = [formatDuration(event.latency_ms)]
  if (event.cached) facts.push(cachedText(event.saved_usd))
  else if (event.model !== undefined) facts.push(formatUsd(event.cost_usd))
  if (items) facts.push(...tallied(items))
  // Attempts of all items together say nothing.
  else if (event.attempts > 1) facts.push(count(event.attempts, 'attempt'))
  if (event.model !== undefined) facts.push(style.dim(shortModel(event.model)))
  if (event.error) facts.push(coloured('failed', short(event.error.message), style))
  return `${mark} ${facts.join('  ')}`
}

function tallied(items: Tally): string[] {
  return Object.entries(items).map(([status, number]) => `${number} ${status}`)
}

function reattached(event: OneOf<'call.reattached'>): string {
  switch (event.how) {
    case 'known_id':
      return `prediction ${event.id ?? ''} is taken up again`
    case 'searched':
      return `prediction ${event.id ?? ''} was found: nothing is created again`
    case 'lost':
      return `the data of prediction ${event.id ?? ''} is gone: it is made, and paid, again`
    case 'not_found':
      return 'the call had not arrived: it is made now'
  }
}
