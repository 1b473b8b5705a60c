/** What strategies come to on real outcomes, by `router simulate`. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../command.ts'
import type { Bench, Figure, Part } from '../figures.ts'
import { digits } from '../statistics.ts'

const permutations = 48
const bars = { utility: 0.55, quality: 0.622, broken: 0.6, saving: 0.3, reference: 0.02 }
/** Utility at λ = 0.2 of an independent implementation. */
const references: Readonly<Record<string, number>> = { ucb1: 0.448, thompson: 0.496, thompson_multi: 0.489 }
/** Quality and dollars per 1,000 prompts of one, by how many models are asked. */
const cascades = [
  [3, '0.678 at $0.075'],
  [6, '0.731 at $0.125'],
  [7, '0.763 at $0.191'],
] as const

interface Mean {
  utility: number
  quality: number
  usd_per_1k: number
}

interface Tried extends Mean {
  strategy: string
  utility_se: number
  regret_vs_best_fixed: number
}

interface Known {
  best_fixed: Mean & { model: string }
  oracle_by_context: Mean
  oracle_by_prompt: Mean
}

interface Swept extends Tried {
  sweep: { points: (Mean & { lambda: number })[]; best_quality: Mean; as_good: (Mean & { saving: number }) | null }
}

export async function measureRouter({ root, folder, outcomes, say }: Bench): Promise<Part> {
  const title = 'Routing on real outcomes'
  if (!existsSync(outcomes)) {
    say(`without outcomes: there is no ${outcomes}`)
    return { title, figures: [], tables: [], notes: ['Left out: the outcomes are not here (`--outcomes DIR`).'] }
  }
  const simulate = async <T>(more: readonly string[]): Promise<T> => {
    say(`router simulate ${more.join(' ')}`)
    const table = join(outcomes, 'llmrouter_outcomes_wide.csv')
    const models = join(outcomes, 'llmrouter_models.csv')
    const given = ['--models', models, '--context', 'task', '--permutations', String(permutations), '--seed', '1']
    const { stdout } = await runCommand(root, folder, ['router', 'simulate', table, ...given, ...more, '--json'])
    return JSON.parse(stdout) as T
  }
  const all = await simulate<Known & { strategies: Tried[] }>(['--strategy', 'all', '--lambda', '0.2'])
  const swept = await simulate<Swept>(['--lambda', '0', '--sweep'])
  const broken = await simulate<Tried & Known>(['--lambda', '0', '--shift', 'best@0.5'])
  const chains: string[][] = []
  for (const [count, reference] of cascades) {
    const { quality, usd_per_1k } = await simulate<Tried>(['--strategy', 'cascade', '--cascade-models', String(count)])
    chains.push([String(count), `${digits(quality)} at $${digits(usd_per_1k)}`, reference])
  }
  const learned = all.strategies.find(({ strategy }) => strategy === 'learned') as Tried
  const { as_good, best_quality, points } = swept.sweep
  const figures: Figure[] = [
    atLeast('utility of `learned` at λ = 0.2', learned.utility, bars.utility),
    atLeast('quality of `learned` at λ = 0', swept.quality, bars.quality),
    atLeast('quality of `learned` at λ = 0 when the best model breaks', broken.quality, bars.broken),
    atLeast("what the best fixed model's quality costs less than that model", as_good?.saving ?? 0, bars.saving),
    ...all.strategies.flatMap(({ strategy, utility }) => {
      const reference = references[strategy]
      if (reference === undefined) return []
      const met = Math.abs(utility - reference) <= bars.reference
      const bar = `${reference} ± ${bars.reference}`
      return [{ what: `utility of \`${strategy}\` at λ = 0.2`, measured: digits(utility), bar, met }]
    }),
  ]
  const strategyRows = all.strategies.map((each) => {
    const utility = `${digits(each.utility)} ± ${digits(each.utility_se)}`
    return [`\`${each.strategy}\``, utility, ...cells(each).slice(1), digits(each.regret_vs_best_fixed)]
  })
  const knownRows = [
    [`best fixed model: ${all.best_fixed.model}`, ...cells(all.best_fixed), '0'],
    ['best for each task', ...cells(all.oracle_by_context), ''],
    ['best for each prompt', ...cells(all.oracle_by_prompt), ''],
  ]
  const head = ['utility', 'quality', '$ per 1,000 prompts']
  return {
    title,
    figures,
    tables: [
      { head: ['λ = 0.2', ...head, 'regret'], rows: [...strategyRows, ...knownRows] },
      { head: ['`learned`, λ', ...head], rows: points.map((point) => [String(point.lambda), ...cells(point)]) },
      { head: ['models of a cascade', 'quality and $ per 1,000 prompts', 'reference'], rows: chains },
    ],
    notes: [
      `By \`router simulate\`: 5,989 prompts of 14 tasks, 9 models (ulab-uiuc/LLMRouter), from nothing and online, the mean over ${permutations} seeded orders ± its standard error. Utility is quality − λ · cost / reference.`,
      `With \`--context task\` and every other key of \`routing\` as it is by default. What is no key was chosen on the \`train\` rows, and on simple bandits.`,
      `The best fixed model by quality alone has ${digits(best_quality.quality, 4)} at $${digits(best_quality.usd_per_1k, 4)}. When it breaks, one fixed model has ${digits(broken.best_fixed.quality)} at most, the best for each task ${digits(broken.oracle_by_context.quality)}.`,
      'A cascade asks the cheapest first and pays for each answer; a perfect judge says when one is good, which no strategy that asks one model has.',
    ],
  }
}

function atLeast(what: string, value: number, bar: number): Figure {
  return { what, measured: digits(value, 4), bar: `>= ${bar}`, met: value >= bar }
}

function cells({ utility, quality, usd_per_1k }: Mean): string[] {
  return [digits(utility), digits(quality), digits(usd_per_1k)]
}
