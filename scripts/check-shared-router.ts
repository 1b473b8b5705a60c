/**
 * Tries routing strategies on the shared table of real outcomes, over 48 orders of it, and compares them with the bars and
 * with the figures of an independent implementation. Exits 1 when one is missed.
 */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readOutcomes } from '../src/app/outcome-files.ts'
import { bestModel } from '../src/executor/routing/hindsight.ts'
import { groundOf } from '../src/executor/routing/simulation.ts'
import { strategies } from '../src/executor/routing/strategy-table.ts'
import { runTrial, type TrialResult } from '../src/executor/routing/trial.ts'

/** Utility at λ = 0.2, within 0.02. */
const references = { ucb1: 0.448, thompson: 0.496, thompson_multi: 0.489 } as const
/** Quality and dollars per 1,000 prompts, by how many of the cheapest models are asked. */
const cascades = [
  [3, 0.678, 0.075],
  [6, 0.731, 0.125],
  [7, 0.763, 0.191],
] as const

const folder = join(
  resolve(import.meta.dirname, '..', process.env['REPLICATE_AGENT_SHARED'] ?? '../shared'),
  'data',
  'router',
)
if (existsSync(folder)) process.exitCode = await check()
else process.stdout.write(`No ${folder}: no outcomes to try strategies on.\n`)

async function check(): Promise<number> {
  const files = { table: 'llmrouter_outcomes_wide.csv', models: 'llmrouter_models.csv', split: undefined }
  const ground = groundOf(await readOutcomes(files, folder))
  let problems = 0

  function judge(what: string, good: boolean, measured: string, wanted: string): void {
    if (!good) problems += 1
    process.stdout.write(`${good ? 'ok  ' : 'MISS'} ${what.padEnd(52)} ${measured} (${wanted})\n`)
  }
  function tried(strategy: keyof typeof strategies, lambda: number, more = {}): Promise<TrialResult> {
    const trial = { strategy, lambda, context: ['task'] as const, seed: 1, permutations: 48, ...more }
    return runTrial(ground, trial, strategies[strategy], () => {})
  }
  const shown = (value: number) => value.toFixed(4)

  const weighing = await tried('learned', 0.2)
  judge('learned: utility at λ = 0.2', weighing.utility >= 0.55, shown(weighing.utility), '0.55 or more')
  const { utility } = weighing.best_fixed
  judge('the best model in hindsight', Math.abs(utility - 0.522) < 0.001, shown(utility), '0.522')

  const lavish = await tried('learned', 0)
  judge('learned: quality at λ = 0', lavish.quality >= 0.622, shown(lavish.quality), '0.622 or more')
  const { best_fixed } = lavish
  const points = [lavish, await tried('learned', 0.02), await tried('learned', 0.03)]
  const costs = points.filter(({ quality }) => quality >= best_fixed.quality).map(({ usd_per_1k }) => usd_per_1k)
  const saving = 1 - Math.min(...costs) / best_fixed.usd_per_1k
  const same = `the best model's quality, ${shown(best_fixed.quality)}, for less`
  judge(`learned: ${same}`, saving >= 0.3, `${(saving * 100).toFixed(1)} %`, '30 % or more')

  const shift = { model: bestModel(ground, 0), at: 0.5 }
  const broken = await tried('learned', 0, { shift })
  judge('learned: quality when the best model breaks', broken.quality >= 0.6, shown(broken.quality), '0.60 or more')

  for (const [name, reference] of Object.entries(references)) {
    const result = await tried(name as keyof typeof references, 0.2)
    const isNear = Math.abs(result.utility - reference) <= 0.02
    judge(`${name}: utility at λ = 0.2`, isNear, shown(result.utility), `${reference} ± 0.02`)
  }
  for (const [cascade_models, quality, usd] of cascades) {
    const result = await tried('cascade', 0.2, { cascade_models, permutations: 1 })
    const isSame = Math.abs(result.quality - quality) < 0.001 && Math.abs(result.usd_per_1k - usd) < 0.001
    const measured = `${shown(result.quality)} at $${shown(result.usd_per_1k)}`
    judge(`cascade of ${cascade_models} models`, isSame, measured, `${quality} at $${usd}`)
  }
  return problems > 0 ? 1 : 0
}
