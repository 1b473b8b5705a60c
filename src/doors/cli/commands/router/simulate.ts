/** `router simulate`: what a strategy comes to on records of what each model made of each prompt. */
import type { OutputOf } from '../../../../app/action.ts'
import { simulateRouter } from '../../../../app/actions/router/simulate.ts'
import { UsageError } from '../../../../domain/errors.ts'
import { strategyNames } from '../../../../domain/routing.ts'
import { defined } from '../../../../std/defined.ts'
import { defineCommand } from '../../command.ts'
import type { CommandContext } from '../../context.ts'
import { choice, decimal, flag, type OptionSpec, required, text, wholeNumber } from '../../option.ts'
import { oneLine } from '../../output/printable.ts'
import { count, formatUsd } from '../../output/quantity.ts'
import { tableLines } from '../../output/table.ts'
import { showProgress } from '../../show-progress.ts'

type Simulated = OutputOf<typeof simulateRouter>
type One = Exclude<Simulated, { strategies: unknown }>
type Context = NonNullable<One['context']>

export const simulate = defineCommand({
  description:
    "Tries a routing strategy on records: a CSV with the quality of each model's answer to each prompt (columns prompt_tokens_est, one a model, and maybe task and split). The strategy learns from nothing, prompt by prompt, and sees only what the model that it picked made of it. Utility is quality − λ · cost / reference, the mean over seeded permutations of the prompts. Calls nothing and costs nothing.",
  args: { table: required('a CSV file of outcomes') },
  options: {
    models: text('--models <file>', 'a CSV file with the columns model, input_usd_per_mtok, output_usd_per_mtok'),
    strategy: choice('--strategy <name>', 'the strategy, or all to compare them', [...strategyNames, 'all'], 'learned'),
    lambda: decimal('--lambda <x>', 'what a call that costs the reference loses of its utility (default: 0.2)', 0),
    context: contextOption(
      '--context <parts>',
      'what makes prompts alike: task, length, task,length or none (default: task)',
    ),
    permutations: wholeNumber('--permutations <n>', 'orders of the prompts to try it in (default: 48)', 1),
    seed: wholeNumber('--seed <n>', 'of orders and samples; the same gives the same (default: 1)', 0),
    split: text('--split <name>', 'only rows with this in the column split, such as train or test; all: every row'),
    shift: text(
      '--shift <model@share>',
      'from this share of the prompts on, the model (or best) answers with a quality of 0',
    ),
    sweep: flag('--sweep', 'also with other λ, for what quality costs'),
    cascadeModels: wholeNumber('--cascade-models <n>', 'how many of the cheapest models a cascade goes through', 1),
    json: flag('--json', 'print the figures as JSON'),
  },
  examples: [
    {
      command: 'replicate-agent router simulate outcomes.csv --models models.csv --strategy all',
      what: 'compare the strategies',
    },
    {
      command: 'replicate-agent router simulate outcomes.csv --models models.csv --lambda 0 --shift best@0.5',
      what: 'what happens when the best model breaks',
    },
    {
      command: 'replicate-agent router simulate outcomes.csv --models models.csv --sweep --json',
      what: 'what quality costs',
    },
  ],
  async run(context, given) {
    const { models, table, strategy, lambda, permutations, seed, shift, sweep } = given
    if (models === undefined)
      throw new UsageError('--models is missing', {
        hint: 'give a CSV file with the columns model, input_usd_per_mtok',
      })
    const split = given.split === 'all' ? undefined : given.split
    const more = defined({
      lambda,
      context: given.context,
      permutations,
      seed,
      split,
      shift,
      cascade_models: given.cascadeModels,
    })
    const progress = showProgress(context, 'permutations')
    const input = { table, models, strategy, sweep, ...more }
    const simulated = await context
      .call(await context.app(), simulateRouter, input, { progressed: progress.to })
      .finally(() => progress.end())
    if (context.json) return context.printJson(simulated)
    const lines = 'strategies' in simulated ? linesOfAll(simulated, context) : linesOfOne(simulated, context)
    for (const line of lines) context.print(line)
    return undefined
  },
})

function contextOption(flags: string, description: string): OptionSpec<Context | undefined> {
  return {
    flags,
    description,
    parse(written) {
      const parts = written === 'none' ? [] : written.split(',').map((part) => part.trim())
      const wrong = parts.find((part) => part !== 'task' && part !== 'length')
      if (wrong === undefined) return parts as Context
      throw new UsageError(`--context takes task, length, both with a comma, or none, not "${wrong}"`, {
        hint: wrong === 'step' ? 'records have no steps' : undefined,
      })
    },
  }
}

type Shown = Pick<CommandContext, 'style'>
type Figures = Pick<One, 'utility' | 'quality' | 'usd_per_1k'>

const right = { align: 'right' } as const
const figureColumns = [
  { header: 'utility', ...right },
  { header: 'quality', ...right },
  { header: '$ per 1,000', ...right },
]

function linesOfAll(all: Extract<Simulated, { strategies: unknown }>, { style }: Shown): string[] {
  const best = Math.max(...all.strategies.map(({ utility }) => utility))
  const rows = all.strategies
    .toSorted((one, other) => other.utility - one.utility)
    .map((each) => {
      const cells = [each.strategy, withError(each), ...cellsOf(each).slice(1), signed(each.regret_vs_best_fixed)]
      return each.utility === best ? cells.map((cell) => style.bold(cell)) : cells
    })
  const columns = [{ header: 'strategy' }, ...figureColumns, { header: 'regret', ...right }]
  return [
    settingLine(all, style),
    '',
    ...tableLines([...rows, ...knownRows(all, style)], columns, style.dim),
    '',
    style.dim('regret: utility of the best model in hindsight, less that of the strategy'),
    style.dim('cascade: asks the cheapest first, pays for each, and a perfect judge says when an answer is good'),
  ]
}

function linesOfOne(one: One, { style }: Shown): string[] {
  const rows = [[style.bold(one.strategy), withError(one), ...cellsOf(one).slice(1)], ...knownRows(one, style)]
  const models = Object.entries(one.by_model)
    .filter(([, { share }]) => share > 0)
    .toSorted(([, first], [, second]) => second.share - first.share)
    .map(([name, { share, quality, usd_per_1k }]) => {
      return [oneLine(name, 60), `${(share * 100).toFixed(1)} %`, (quality ?? 0).toFixed(3), formatUsd(usd_per_1k)]
    })
  const modelColumns = [{ header: 'model' }, { header: 'calls', ...right }, ...figureColumns.slice(1)]
  const lines = [
    settingLine(one, style),
    '',
    ...tableLines(rows, [{ header: '' }, ...figureColumns], style.dim),
    '',
    ...tableLines(models, modelColumns, style.dim),
  ]
  return one.sweep ? [...lines, '', ...sweepLines(one.sweep, style)] : lines
}

function sweepLines({ points, best_quality, as_good }: NonNullable<One['sweep']>, style: Shown['style']): string[] {
  const rows = points.map((point) => {
    const cells = [String(point.lambda), ...cellsOf(point)]
    return point.lambda === as_good?.lambda ? cells.map((cell) => style.bold(cell)) : cells
  })
  const best = `${oneLine(best_quality.model, 60)} (${best_quality.quality.toFixed(3)} at ${formatUsd(best_quality.usd_per_1k)})`
  const verdict = as_good
    ? `as good as ${best} at λ = ${as_good.lambda}, for ${percent(as_good.saving)} less`
    : `at no λ as good as ${best}`
  return [...tableLines(rows, [{ header: 'λ', ...right }, ...figureColumns], style.dim), '', verdict]
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

function knownRows(
  known: Pick<One, 'best_fixed' | 'oracle_by_context' | 'oracle_by_prompt' | 'context'>,
  style: Shown['style'],
) {
  const rows = [
    [`best model in hindsight: ${oneLine(known.best_fixed.model, 60)}`, ...cellsOf(known.best_fixed)],
    [`best for each ${known.context.join(' and ')} in hindsight`, ...cellsOf(known.oracle_by_context)],
    ['best for each prompt in hindsight', ...cellsOf(known.oracle_by_prompt)],
  ]
  const told = known.context.length === 0 ? [rows[0] as string[], rows[2] as string[]] : rows
  return told.map((cells) => cells.map((cell) => style.dim(cell)))
}

function settingLine(
  { prompts, permutations, lambda, cost_ref_usd, split, shift }: One | Extract<Simulated, { strategies: unknown }>,
  style: Shown['style'],
): string {
  const parts = [
    `${count(prompts, 'prompt')}${split === undefined ? '' : ` (${oneLine(split, 40)})`} in ${count(permutations, 'order')}`,
    lambda === 0 ? 'by quality alone' : `λ = ${lambda} for each ${dearly(cost_ref_usd)}`,
  ]
  if (shift) parts.push(`${oneLine(shift.model, 60)} broken after ${percent(shift.at)}`)
  return style.dim(parts.join(' · '))
}

/** A call costs less than what other amounts are rounded to. */
function dearly(usd: number): string {
  return `$${Number(usd.toPrecision(3))}`
}

function withError({ utility, utility_se }: Pick<One, 'utility' | 'utility_se'>): string {
  return `${utility.toFixed(3)} ± ${utility_se.toFixed(3)}`
}

function cellsOf({ utility, quality, usd_per_1k }: Figures): string[] {
  return [utility.toFixed(3), quality.toFixed(3), formatUsd(usd_per_1k)]
}

function signed(regret: number): string {
  return `${regret > 0 ? '+' : regret < 0 ? '−' : ''}${Math.abs(regret).toFixed(3)}`
}
