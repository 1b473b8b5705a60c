/** `router stats`: what was learned of models. */
import type { OutputOf } from '../../../../app/action.ts'
import { routerStats } from '../../../../app/actions/router/stats.ts'
import { defined } from '../../../../std/defined.ts'
import { formatDuration } from '../../../../std/duration.ts'
import { appOptions, configOptions } from '../../app-options.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { choice, flag, optional } from '../../option.ts'
import { shortPath } from '../../output/problem.ts'
import { oneLine } from '../../output/printable.ts'
import { formatAge, formatBytes, formatSmallUsd, shortModel } from '../../output/quantity.ts'
import { roomOn, tableLines } from '../../output/table.ts'

type Stats = OutputOf<typeof routerStats>
type Model = Stats['agents'][number]['models'][number]
type Figures = Omit<Model, 'model' | 'last_seen' | 'contexts'>

export const stats = defineCommand({
  description:
    'Shows what calls taught about the models of each agent: how often they succeeded, how good their answers were, what they took and cost (the mean of all calls, and the moving average in which the newest count most). Quality is "assumed" where nothing scored the answers: then it is how often calls succeeded.',
  args: { agent: optional('only this one') },
  options: {
    by: choice('--by <what>', 'a line for each context, too', ['context']),
    sandbox: flag('--sandbox', 'what calls in the sandbox taught'),
    ...configOptions,
    checkpointDir: appOptions.checkpointDir,
    json: flag('--json', 'print {file, bytes, sandbox, agents}'),
  },
  examples: [
    { command: 'replicate-agent router stats', what: 'of all agents' },
    { command: 'replicate-agent router stats writer --by context', what: 'of one, for each kind of call' },
  ],
  async run(context, given) {
    const app = await context.app(given)
    const { agent, sandbox, by } = given
    const found = await context.call(app, routerStats, {
      ...defined({ agent }),
      ...{ sandbox, by_context: by === 'context' },
    })
    if (context.json) return context.printJson(found)
    if (found.agents.length === 0) {
      const where = sandbox ? 'in the sandbox ' : ''
      context.note(`nothing was learned ${where}yet: the first call of a model begins it`)
      return undefined
    }
    for (const line of statsLines(found, context)) context.print(line)
    return undefined
  },
})

function statsLines(found: Stats, { style, clock, cwd, stdout }: CommandContext): string[] {
  const right = { align: 'right' } as const
  const columns = [
    { header: 'agent', least: 12 },
    { header: 'model', least: 16, keepsEnd: true },
    { header: 'calls', ...right },
    { header: 'success', ...right },
    { header: 'quality', ...right },
    { header: 'scores', ...right, spare: 1 },
    { header: 'latency', ...right },
    { header: 'lately', ...right, spare: 2 },
    { header: 'cost', ...right },
    { header: 'lately', ...right, spare: 3 },
    { header: 'last seen', spare: 4 },
  ]
  const rows = found.agents.flatMap(({ agent, models }) =>
    models.flatMap((one, at) => [
      [
        at === 0 ? style.bold(oneLine(agent, 40)) : '',
        oneLine(shortModel(one.model), 60),
        ...figureCells(one),
        style.dim(formatAge(Date.parse(one.last_seen), clock.now())),
      ],
      ...(one.contexts ?? []).map(({ context, ...figures }) => [
        '',
        style.dim(`  ${oneLine(context, 60)}`),
        ...figureCells(figures),
      ]),
    ]),
  )
  const { file, bytes, sandbox } = found
  const place = `${shortPath(file, cwd)}, ${formatBytes(bytes)}${sandbox ? '; nothing of it was paid' : ''}`
  return [...tableLines(rows, columns, style.dim, roomOn(stdout)), '', style.dim(place)]
}

function figureCells({ calls, success_rate, quality, latency_ms, cost_usd }: Figures): string[] {
  const time = (ms: number | null) => (ms === null ? '' : formatDuration(ms))
  const money = (usd: number | null) => (usd === null ? '' : formatSmallUsd(usd))
  return [
    ...[String(calls), success_rate === null ? '' : `${Math.round(success_rate * 100)} %`],
    ...[qualityText(quality), quality.assumed ? 'assumed' : String(quality.n)],
    ...[time(latency_ms.mean), time(latency_ms.ema), money(cost_usd.mean), money(cost_usd.ema)],
  ]
}

function qualityText({ mean, sd }: Figures['quality']): string {
  if (mean === null) return ''
  return sd === null ? mean.toFixed(2) : `${mean.toFixed(2)} ± ${sd.toFixed(2)}`
}
