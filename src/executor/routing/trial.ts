/** What a strategy comes to on records, over many permutations of them. */
import { type Hindsight, hindsightOf, type Mean, meanOf, rounded } from './hindsight.ts'
import { breaksAt, createSimulation, type Ground, type Sum, type Trial } from './simulation.ts'
import type { Strategy } from './strategy.ts'

/** Means over prompts and permutations. */
export interface TrialResult extends Mean, Hindsight {
  strategy: Trial['strategy']
  lambda: number
  prompts: number
  /** Standard error of the utility: permutations differ. */
  utility_se: number
  /** Of the best model in hindsight, less that of the strategy; under 0 where it did better. */
  regret_vs_best_fixed: number
  /** Calls of each model as a share of the prompts, and what they came to; null where there were none. */
  by_model: Record<string, { share: number; quality: number | null; usd_per_1k: number | null }>
}

/** `between` is called before each permutation, and may throw to end it. */
export async function runTrial(
  ground: Ground,
  trial: Trial & { permutations: number },
  strategy: Strategy,
  between: () => Promise<void> | void,
): Promise<TrialResult> {
  const { table } = ground
  const prompts = table.tokens.length
  const { permutations, lambda } = trial
  const run = createSimulation(ground, trial, strategy)
  const whole: Sum = { utility: 0, quality: 0, usd: 0 }
  const models = table.models.map(() => ({ calls: 0, quality: 0, usd: 0 }))
  const utilities: number[] = []
  const late = table.tokens.map(() => 0)
  for (let permutation = 0; permutation < permutations; permutation += 1) {
    await between()
    const passage = run(permutation)
    utilities.push(passage.utility / prompts)
    for (const key of ['utility', 'quality', 'usd'] as const) whole[key] += passage[key]
    for (const [at, sum] of models.entries())
      for (const key of ['calls', 'quality', 'usd'] as const) sum[key] += passage.models[at]?.[key] as number
    if (trial.shift)
      for (const row of passage.order.subarray(breaksAt(prompts, trial.shift)))
        late[row] = (late[row] as number) + 1 / permutations
  }
  const mean = meanOf(whole, prompts * permutations)
  const hindsight = hindsightOf(ground, trial, trial.shift && { model: trial.shift.model, late })
  const by_model: TrialResult['by_model'] = {}
  for (const [at, { calls, quality, usd }] of models.entries()) {
    by_model[table.models[at]?.name as string] = {
      share: rounded(calls / (prompts * permutations)),
      quality: calls === 0 ? null : rounded(quality / calls),
      usd_per_1k: calls === 0 ? null : rounded((usd / calls) * 1_000),
    }
  }
  const regret_vs_best_fixed = rounded(hindsight.best_fixed.utility - mean.utility)
  const utility_se = standardError(utilities, mean.utility)
  return {
    ...{ strategy: trial.strategy, lambda, prompts, ...mean, utility_se, regret_vs_best_fixed, by_model },
    ...hindsight,
  }
}

function standardError(values: readonly number[], mean: number): number {
  if (values.length < 2) return 0
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return rounded(Math.sqrt(squares / (values.length - 1) / values.length))
}
