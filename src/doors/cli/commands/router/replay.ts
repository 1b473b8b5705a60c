/** `router replay`: what another strategy would have earned where a log of decisions was made. */
import type { OutputOf } from '../../../../app/action.ts'
import { replayLog } from '../../../../app/actions/router/replay.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { strategyNames } from '../../../../domain/routing.ts'
import { defined } from '../../../../std/defined.ts'
import { isObject, type Json, type JsonObject } from '../../../../std/json.ts'
import { appOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { readJsonObject } from '../../json-argument.ts'
import { choice, decimal, flag, required, text, texts, wholeNumber } from '../../option.ts'
import { oneLine } from '../../output/printable.ts'
import { count, formatUsd } from '../../output/quantity.ts'
import { tableLines } from '../../output/table.ts'

type Replay = OutputOf<typeof replayLog>
type Estimate = NonNullable<Replay['estimates']>['dr']

export const replay = defineCommand({
  description:
    'Says from a log of decisions what another strategy would have earned: by inverse propensities (plain and self-normalised) and doubly robust, with 95 % intervals. The strategy learns from the logged outcomes as it goes. Says so when the log can not tell. Utility is quality − λ · cost / reference. Calls nothing and costs nothing.',
  args: { log: required('a file that `router log` wrote, or - for stdin') },
  options: {
    strategy: choice('--strategy <name>', 'the strategy to judge', strategyNames),
    param: texts('--param <key=value>', 'a key of `routing`, such as ema_alpha=0.1 or weights.cost=1; repeatable'),
    routing: text('--routing <json>', 'keys of `routing` as JSON, @file or - for stdin'),
    lambda: decimal('--lambda <x>', 'what a call that costs the reference loses of its utility (default: 0.2)', 0),
    agent: text('--agent <name>', 'whose decisions; needed when the log has those of several'),
    seed: wholeNumber('--seed <n>', 'of samples and resampling; the same gives the same (default: 1)', 0),
    json: flag('--json', 'print the estimates as JSON'),
    config: appOptions.config,
    noConfig: appOptions.noConfig,
  },
  examples: [
    {
      command: 'replicate-agent router replay decisions.jsonl --strategy thompson',
      what: 'how another strategy would do',
    },
    {
      command: 'replicate-agent router replay decisions.jsonl --strategy score --param weights.quality=1 --lambda 0',
      what: 'with other weights, by quality alone',
    },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { strategy, lambda, agent, seed } = given
    const routing = given.routing === undefined ? {} : await readJsonObject(context, given.routing, '--routing')
    for (const written of given.param) setParam(routing, written)
    const log = given.log === '-' ? '/dev/stdin' : given.log
    const done = await context.call(app, replayLog, { log, routing, ...defined({ strategy, lambda, agent, seed }) })
    if (context.json) return context.printJson(done)
    for (const line of replayLines(done, context)) context.print(line)
    return undefined
  },
})

/** `weights.cost=1` sets a key within `weights`. What is no JSON is text; a list may be written with commas. */
function setParam(routing: JsonObject, written: string): void {
  const [, key, value] = /^([a-z_]+(?:\.[a-z_]+)?)=(.*)$/s.exec(written) ?? []
  if (key === undefined || value === undefined)
    throw new UsageError(`--param takes key=value, not "${written}"`, { hint: 'as in --param ema_alpha=0.1' })
  const [first = '', second] = key.split('.')
  if (second === undefined) {
    routing[first] = first === 'context' ? listOf(value) : valueOf(value)
    return
  }
  const outer = routing[first] ?? {}
  if (!isObject(outer)) throw new UsageError(`--param ${written}: "${first}" is given as a whole already`)
  routing[first] = { ...outer, [second]: valueOf(value) }
}

function valueOf(written: string): Json {
  try {
    return JSON.parse(written) as Json
  } catch {
    return written
  }
}

function listOf(written: string): Json {
  const value = valueOf(written)
  return typeof value === 'string' ? value.split(',').filter((part) => part !== '') : value
}

function replayLines(done: Replay, { style }: Pick<CommandContext, 'style'>): string[] {
  const { estimates, decisions, used, lambda, cost_ref_usd } = done
  const span = [done.from, done.until].map((time) => time.slice(0, 16).replace('T', ' '))
  const price = lambda === 0 ? 'by quality alone' : `λ = ${lambda} for each ${formatUsd(cost_ref_usd)}`
  const lines = [
    `${style.bold(done.strategy)} on ${count(decisions, 'decision')} of ${oneLine(done.agent, 80)}, ${span[0]} to ${span[1]} UTC, ${price}`,
    '',
  ]
  if (estimates) {
    const rows = [
      [`as logged, by ${done.logged_by.join(', ')}`, ...cellsOf(estimates.logged)],
      ['doubly robust', ...cellsOf(estimates.dr)],
      ['inverse propensity', ...cellsOf(estimates.ips)],
      ['self-normalised', ...cellsOf(estimates.snips)],
      ['gain over the log', ...cellsOf(estimates.gain, true)],
    ]
    const right = { align: 'right' } as const
    const columns = [{ header: '' }, { header: 'utility', ...right }, { header: '95 %' }, { header: '95 %, resampled' }]
    lines.push(...tableLines(rows, columns, style.dim), '')
  }
  lines.push(style.dim(basisOf(done)))
  for (const doubt of done.doubts) lines.push(`${style.yellow('the log can not say it:')} ${doubt}`)
  if (done.supported && estimates) lines.push(verdictOf(done, estimates.gain))
  if (used < decisions) lines.push(style.dim(`${count(decisions - used, 'decision')} could not be used`))
  return lines
}

function cellsOf({ value, normal, bootstrap }: Estimate, isDifference = false): string[] {
  const shown = (number: number) => `${isDifference && number > 0 ? '+' : ''}${number.toFixed(3)}`
  return [shown(value), ...[normal, bootstrap].map(([low, high]) => `${shown(low)} to ${shown(high)}`)]
}

function basisOf({ estimates, coverage, assumed, untelling }: Replay): string {
  const parts = [`probabilities known for ${Math.round(coverage * 100)} %`]
  if (estimates) {
    const { effective, clip, clipped } = estimates
    parts.push(`as good as ${effective.toFixed(0)} decisions of its own`)
    if (clipped > 0) parts.push(`${count(clipped, 'weight')} over ${clip.toFixed(1)} cut down to it`)
  }
  if (assumed > 0) parts.push(`${count(assumed, 'outcome')} without a score: success counts as 1`)
  if (untelling > 0) parts.push(`${count(untelling, 'call')} left out that say nothing of a model`)
  return parts.join(' · ')
}

function verdictOf({ strategy }: Replay, { bootstrap: [low, high] }: Estimate): string {
  if (low > 0) return `${strategy} would have earned more`
  if (high < 0) return `${strategy} would have earned less`
  return `no difference to be seen between ${strategy} and what was done`
}
