/** What another strategy would have earned where a log of decisions was made, and whether the log can say so at all. */
import type { LoggedDecision } from './logged.ts'
import { type Estimates, estimate, usualClip, type Weight } from './estimates.ts'
import { type Replay, replay } from './replay.ts'

export interface Evaluation {
  decisions: number
  /** Of them, those that estimates are made of. */
  used: number
  /** Share of decisions of which it is known how probable they were. */
  coverage: number
  /** Decisions whose outcome cost nobody knows how much, where cost matters. */
  unpriced: number
  /** Decisions whose outcome nothing scored: success counted as 1, failure as 0. */
  assumed: number
  /** The share of the strategy's choices that the log could not have made: nothing is known of them. */
  unsupported: number
  /** Absent: no decision says anything of the strategy. */
  estimates?: Estimates
  /** What stands against believing the estimates, in words; empty: nothing. */
  doubts: string[]
}

/** Weights differ from 1 on average by no more than chance, if the logged probabilities are right. */
const mostOff = 4
const fewestEffective = 30
const mostUnsupported = 0.05
const leastCoverage = 0.5

export async function evaluate(
  decisions: readonly LoggedDecision[],
  given: Replay & { seed: number },
): Promise<Evaluation> {
  const weighed = await replay(decisions, given)
  const used = weighed.filter((each): each is typeof each & Weight => each.weight !== null && each.utility !== null)
  const covered = weighed.filter(({ weight }) => weight !== null)
  const evaluation: Evaluation = {
    decisions: decisions.length,
    used: used.length,
    coverage: decisions.length === 0 ? 0 : covered.length / decisions.length,
    unpriced: weighed.filter(({ utility }) => utility === null).length,
    assumed: decisions.filter(({ outcome }) => outcome.quality === undefined).length,
    unsupported: used.length === 0 ? 0 : used.reduce((sum, each) => sum + each.unsupported, 0) / used.length,
    doubts: [],
  }
  if (used.some(({ weight }) => weight > 0)) evaluation.estimates = estimate(used, given.seed, usualClip(used.length))
  return { ...evaluation, doubts: doubtsOf(evaluation, used) }
}

function doubtsOf({ estimates, coverage, unsupported }: Evaluation, used: readonly Weight[]): string[] {
  if (used.length === 0) return ['no decision can be used: how probable its choice was, or what it cost, is not known']
  const doubts: string[] = []
  if (coverage < leastCoverage)
    doubts.push(`of ${percent(1 - coverage)} of the decisions it is not known how probable they were`)
  if (unsupported > mostUnsupported)
    doubts.push(
      `${percent(unsupported)} of its choices are ones that the log could not have made: nothing is known of them`,
    )
  return [
    ...doubts,
    ...(estimates ? doubtsOfWeights(estimates, unsupported, used) : ['it chose nothing that was chosen']),
  ]
}

function doubtsOfWeights(
  { effective, mean_weight }: Estimates,
  unsupported: number,
  used: readonly Weight[],
): string[] {
  const doubts: string[] = []
  if (effective < fewestEffective)
    doubts.push(`the log says as much as ${effective.toFixed(1)} decisions of its own would: too few`)
  const variance = used.reduce((sum, { weight }) => sum + (weight - mean_weight) ** 2, 0) / used.length
  const error = Math.sqrt(variance / used.length)
  if (Math.abs(mean_weight + unsupported - 1) > mostOff * error + 0.02)
    doubts.push(`weights are ${mean_weight.toFixed(2)} on average and not 1: the logged probabilities can't be right`)
  return doubts
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
