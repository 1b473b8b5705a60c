/** Tries a strategy on records of what every model made of every prompt, as if they were calls made one after another. */
import { defaultRouting, type RoutingPolicy, type StrategyName } from '../../domain/routing.ts'
import { seededRandom } from '../../std/random.ts'
import { createArmTable } from './arm-table.ts'
import { contextOf } from './context-key.ts'
import { learn } from './learn.ts'
import { costsOf, type OutcomeTable, referenceCost } from './outcome-table.ts'
import type { Arm, Strategy } from './strategy.ts'

export interface Trial {
  strategy: StrategyName
  /** λ: what a call that costs the reference loses of its utility. */
  lambda: number
  /** What of a prompt its context is made of. */
  context: readonly RecordedPart[]
  seed: number
  /** From this share of the prompts on, a model answers with a quality of 0. Nobody tells the strategy. */
  shift?: Shift
  /** Of `cascade`: how many of the models, from the cheapest; absent: all. */
  cascade_models?: number
}

/** Records have no steps. */
export const recordedParts = ['task', 'length'] as const
export type RecordedPart = (typeof recordedParts)[number]

export interface Shift {
  /** Position of the model. */
  model: number
  /** In (0, 1). */
  at: number
}

/** A table with what follows from it alone. */
export interface Ground {
  table: OutcomeTable
  /** Dollars, laid out as the table's quality. */
  costs: Float64Array
  cost_ref_usd: number
}

export function groundOf(table: OutcomeTable): Ground {
  const costs = costsOf(table)
  return { table, costs, cost_ref_usd: referenceCost(costs) }
}

/** Sums over prompts. */
export interface Sum {
  utility: number
  quality: number
  usd: number
}

/** What one permutation came to. */
export interface Passage extends Sum {
  /** By model: calls of it, and what they came to. */
  models: (Sum & { calls: number })[]
  /** The prompts in the order in which they came. */
  order: Uint32Array
}

/** Position in the order from which on a model is broken. */
export function breaksAt(prompts: number, { at }: Shift): number {
  return Math.floor(prompts * at)
}

/** The context of each prompt. */
export function contextsOf({ tasks, tokens }: OutcomeTable, parts: readonly RecordedPart[]): string[] {
  return tokens.map((count, row) => contextOf(parts, { task: tasks?.[row], tokens: count }))
}

/** A function that runs the strategy on a permutation of the prompts, from nothing. The same seed gives the same. */
export function createSimulation(ground: Ground, trial: Trial, strategy: Strategy): (permutation: number) => Passage {
  const { table, costs, cost_ref_usd } = ground
  const { models, quality } = table
  const prompts = table.tokens.length
  const contexts = contextsOf(table, trial.context)
  const policy = policyOf(trial, cost_ref_usd)
  const from = trial.shift ? breaksAt(prompts, trial.shift) : prompts
  const arms: Arm[] = models.map(({ name }, candidate) => {
    return { candidate, key: name, cost_usd: 0, latency_ms: null, pending: 0 }
  })
  const lambda_per_usd = cost_ref_usd > 0 ? trial.lambda / cost_ref_usd : 0
  const isCascade = trial.strategy === 'cascade'

  return (permutation) => {
    const order = permuted(prompts, trial.seed, permutation)
    const random = seededRandom(seedOf(trial.seed, permutation, 1))
    const known = createArmTable()
    const passage: Passage = { ...nothing(), models: models.map(() => ({ ...nothing(), calls: 0 })), order }
    for (let turn = 0; turn < prompts; turn += 1) answer(turn)
    return passage

    function answer(turn: number): void {
      const first = (order[turn] as number) * models.length
      const context = { key: contexts[order[turn] as number] as string, policy, turn }
      for (const arm of arms) arm.cost_usd = costs[first + arm.candidate] as number
      let open = isCascade ? cheapestOf(arms, trial.cascade_models) : arms
      let [best, spent] = [0, 0]
      // Only a cascade asks again: until an answer is good, and it pays for each.
      while (open.length > 0) {
        const arm = open[strategy.pick(open, known, context, random).chosen] as Arm
        const isBroken = turn >= from && arm.candidate === trial.shift?.model
        const worth = isBroken ? 0 : (quality[first + arm.candidate] as number)
        learnFrom(arm, context.key, worth)
        spent += arm.cost_usd as number
        best = Math.max(best, worth)
        open = isCascade && worth < good ? open.filter((other) => other !== arm) : []
      }
      add(passage, best, spent)
    }

    function learnFrom(arm: Arm, key: string, worth: number): void {
      const usd = arm.cost_usd as number
      const lesson = lessons[trial.strategy](worth, worth - lambda_per_usd * usd)
      learn(known.records(arm.key, key), { succeeded: true, quality: lesson, cost_usd: usd }, policy)
      const sum = passage.models[arm.candidate] as Passage['models'][number]
      sum.calls += 1
      add(sum, worth, usd)
    }
  }

  function add(sum: Sum, worth: number, usd: number): void {
    sum.quality += worth
    sum.usd += usd
    sum.utility += worth - lambda_per_usd * usd
  }
}

/** From here on a cascade's perfect verifier is content. */
const good = 0.5

/** What a strategy is told of a call: its quality, or where cost is no business of the strategy's own, its utility. */
type Lesson = (quality: number, utility: number) => number

const ofQuality: Lesson = (quality) => quality
const clipped: Lesson = (_, utility) => Math.min(1, Math.max(0, utility))

/** Ruling 42. */
const lessons: Readonly<Record<StrategyName, Lesson>> = {
  learned: ofQuality,
  score: ofQuality,
  ucb1: (_, utility) => (utility + 1) / 2,
  thompson: clipped,
  thompson_multi: (_, utility) => utility,
  adaptive: clipped,
  cheapest: ofQuality,
  fastest: ofQuality,
  round_robin: ofQuality,
  cascade: ofQuality,
  order: ofQuality,
}

/** The defaults, with λ where a strategy weighs cost by itself. */
function policyOf({ strategy, lambda, context }: Trial, cost_ref_usd: number): RoutingPolicy {
  const cost = strategy === 'score' ? lambda : 0
  return {
    ...defaultRouting,
    strategy,
    context: [...context],
    cost_weight: lambda,
    cost_ref_usd,
    weights: { quality: 1, cost, latency: 0 },
  }
}

function cheapestOf(arms: readonly Arm[], count: number | undefined): Arm[] {
  return arms.toSorted((one, other) => (one.cost_usd as number) - (other.cost_usd as number)).slice(0, count)
}

function nothing(): Sum {
  return { utility: 0, quality: 0, usd: 0 }
}

/** Of the strategy's own draws (1), or of the order (0), which is the same for every strategy. */
function seedOf(seed: number, permutation: number, use: 0 | 1): number {
  return Math.imul(seed, 0x9e3779b1) + 2 * permutation + use
}

/** Fisher and Yates. */
function permuted(prompts: number, seed: number, permutation: number): Uint32Array {
  const random = seededRandom(seedOf(seed, permutation, 0))
  const order = Uint32Array.from({ length: prompts }, (_, row) => row)
  for (let last = prompts - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1))
    const moved = order[last] as number
    order[last] = order[other] as number
    order[other] = moved
  }
  return order
}
