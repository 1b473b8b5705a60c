/** `runs logs`: what happened in a run, event by event. */
import type { RunHandle } from '../../../../app/action.ts'
import { logsOfRun } from '../../../../app/actions/runs/logs.ts'
import { watchRun } from '../../../../app/actions/runs/watch.ts'
import { eventObject } from '../../../../app/event-object.ts'
import type { App } from '../../../../app/app.ts'
import { CancelledError } from '../../../../domain/errors.ts'
import type { RunNews } from '../../../../domain/events.ts'
import type { RoutingDecision } from '../../../../domain/routing.ts'
import { defined } from '../../../../std/defined.ts'
import { isObject, type Json, type JsonObject } from '../../../../std/json.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { flag, text, wholeNumber } from '../../option.ts'
import { decisionText } from '../../output/decision-lines.ts'
import { formatUsd } from '../../output/quantity.ts'
import { oneLine } from '../../output/printable.ts'
import { runArgument } from '../../run-argument.ts'
import { type StopSignal, stopCodes } from '../../surroundings.ts'

export const logs = defineCommand({
  description: 'Lists the events of a run from its journal: everything that was made durable, in order.',
  args: runArgument,
  options: {
    follow: flag('-f, --follow', 'go on until the run is over, waits, or nobody drives it'),
    step: text('--step <id>', 'only events of this step'),
    limit: wholeNumber('--limit <n>', 'at most so many', 1),
    json: flag('--json', 'print {run_id, events}'),
    jsonl: flag('--jsonl', 'print a JSON line for every event'),
    ...appOptions,
  },
  examples: [
    { command: 'replicate-agent runs logs last --step draw', what: 'what happened in one step' },
    { command: 'replicate-agent runs logs last -f', what: 'watch it in plain lines' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const print = (event: JsonObject) => context.print(given.jsonl ? JSON.stringify(event) : logLine(event, context))
    if (given.follow) return follow(context, app, given.run, given.step, print)
    const found = await context.call(app, logsOfRun, defined({ run: given.run, step: given.step, limit: given.limit }))
    if (context.json) context.printJson(found)
    else for (const event of found.events as JsonObject[]) print(event)
    return undefined
  },
})

async function follow(
  context: CommandContext,
  app: App,
  run: string,
  step: string | undefined,
  print: (event: JsonObject) => void,
): Promise<number> {
  let signal: StopSignal | undefined
  let handle: RunHandle | undefined
  const stop = context.onStop((arrived) => {
    signal ??= arrived
    handle?.abandon(new CancelledError('no longer followed', { code: 'interrupted' }))
  })
  const unsubscribe = app.subscribe((news: RunNews) => {
    if (step === undefined || ('step' in news.event && news.event.step === step)) print(eventObject(news))
  })
  try {
    await context.call(app, watchRun, { run }, { driving: (given) => void (handle = given) })
    return 0
  } catch (error) {
    if (signal === undefined) throw error
    return stopCodes[signal]
  } finally {
    unsubscribe()
    stop()
  }
}

const shownElsewhere = new Set(['v', 'seq', 'time', 'run_id', 'type', 'step', 'index', 'files', 'body'])

function logLine(event: JsonObject, { style }: CommandContext): string {
  const { seq, time, type, step, index } = event
  const where = step === undefined ? '' : index === undefined ? String(step) : `${String(step)}[${String(index)}]`
  const rest = Object.entries(event)
    .filter(([name]) => !shownElsewhere.has(name))
    .map(([name, value]) => fieldText(name, value, style))
  const columns = [
    String(seq).padStart(4),
    style.dim(String(time).slice(11, 23)),
    String(type).padEnd(18),
    where.padEnd(12),
    rest.join(' '),
  ]
  return columns.join('  ').trimEnd()
}

function fieldText(name: string, value: Json, style: CommandContext['style']): string {
  if (name === 'decision' && isObject(value)) return oneLine(decisionText(value as unknown as RoutingDecision), 160)
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `${style.dim(`${name}=`)}${name === 'cost_usd' ? formatUsd(value as number | null) : oneLine(text, 60)}`
}
