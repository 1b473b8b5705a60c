/** What could have been had by one who knew all records before, and whom one model, or one a context, had to do. */
import { contextsOf, type Ground, type Sum, type Trial } from './simulation.ts'

/** Means over prompts. */
export interface Mean {
  utility: number
  quality: number
  usd_per_1k: number
}

export interface Hindsight {
  /** One model for all prompts. */
  best_fixed: Mean & { model: string }
  /** One for all prompts of the same context. */
  oracle_by_context: Mean
  /** One for each prompt. */
  oracle_by_prompt: Mean
}

/** Which model a shift breaks, and for which share of the permutations each prompt came after it. */
export interface Worn {
  model: number
  late: readonly number[]
}

export function hindsightOf(ground: Ground, { lambda, context }: Trial, worn?: Worn): Hindsight {
  const contexts = contextsOf(ground.table, context)
  const fixed = best(ground, lambda, worn, () => '')
  return {
    best_fixed: { model: ground.table.models[fixed.models.get('') as number]?.name as string, ...fixed.mean },
    oracle_by_context: best(ground, lambda, worn, (row) => contexts[row] as string).mean,
    oracle_by_prompt: best(ground, lambda, worn, String).mean,
  }
}

/** Position of the model with the most utility when one answers all prompts. */
export function bestModel(ground: Ground, lambda: number): number {
  return best(ground, lambda, undefined, () => '').models.get('') as number
}

/** The best model for each group of prompts, and what all of them together come to. */
function best(ground: Ground, lambda: number, worn: Worn | undefined, groupOf: (row: number) => string) {
  const { table, costs, cost_ref_usd } = ground
  const width = table.models.length
  const groups = new Map<string, Sum[]>()
  for (const row of table.tokens.keys()) {
    const group = groupOf(row)
    const sums = groups.get(group) ?? table.models.map(() => ({ utility: 0, quality: 0, usd: 0 }))
    groups.set(group, sums)
    for (const [model, sum] of sums.entries()) {
      const kept = worn?.model === model ? 1 - (worn.late[row] as number) : 1
      const quality = kept * (table.quality[row * width + model] as number)
      const usd = costs[row * width + model] as number
      sum.quality += quality
      sum.usd += usd
      sum.utility += quality - (cost_ref_usd > 0 ? (lambda * usd) / cost_ref_usd : 0)
    }
  }
  const models = new Map<string, number>()
  const whole = { utility: 0, quality: 0, usd: 0 }
  for (const [group, sums] of groups) {
    const chosen = sums.reduce((top, sum, at) => (sum.utility > (sums[top] as Sum).utility ? at : top), 0)
    models.set(group, chosen)
    for (const key of ['utility', 'quality', 'usd'] as const) whole[key] += (sums[chosen] as Sum)[key]
  }
  return { models, mean: meanOf(whole, table.tokens.length) }
}

export function meanOf({ utility, quality, usd }: Sum, prompts: number): Mean {
  const usd_per_1k = rounded((usd / prompts) * 1_000)
  return { utility: rounded(utility / prompts), quality: rounded(quality / prompts), usd_per_1k }
}

/** Sums of many numbers are not exact. */
export function rounded(value: number): number {
  return Math.round(value * 1e9) / 1e9
}
