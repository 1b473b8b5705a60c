/** What each of several models made of the same prompts: records to try a strategy on. */

export interface OutcomeTable {
  models: readonly OutcomeModel[]
  /** One a prompt. */
  tokens: readonly number[]
  /** One a prompt; absent: the table has none. */
  tasks?: readonly string[]
  /** In [0, 1]: of the first prompt, one a model, then of the next. */
  quality: Float64Array
}

export interface OutcomeModel {
  name: string
  /** Dollars per million tokens. */
  input_usd_per_mtok: number
  output_usd_per_mtok: number
}

/** What an answer is taken to be long, for its cost is to be known before the call. */
const answerTokens = 200

/** Dollars, laid out as `quality`: (tokens of the prompt · price in + 200 · price out) / 10⁶. */
export function costsOf({ models, tokens }: OutcomeTable): Float64Array {
  const costs = new Float64Array(tokens.length * models.length)
  for (const [row, count] of tokens.entries())
    for (const [at, { input_usd_per_mtok, output_usd_per_mtok }] of models.entries())
      costs[row * models.length + at] = (count * input_usd_per_mtok + answerTokens * output_usd_per_mtok) / 1e6
  return costs
}

/** The 95th percentile, between two values linearly: what λ is measured by. */
export function referenceCost(costs: Float64Array): number {
  const sorted = costs.slice().sort()
  const at = 0.95 * (sorted.length - 1)
  const below = sorted[Math.floor(at)] as number
  return below + (at - Math.floor(at)) * ((sorted[Math.ceil(at)] as number) - below)
}
