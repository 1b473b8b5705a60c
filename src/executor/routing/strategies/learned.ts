/**
 * Hierarchical Thompson sampling of quality alone: what is believed of each arm's quality in the context of the call is
 * sampled (`quality-belief.ts`), and what the call is known to cost and predicted to take is subtracted as it is:
 * u = q̃ − λ · cost / cost_ref − μ · max(0, latency / SLO − 1). The greatest u is chosen.
 */
import type { RoutingPolicy } from '../../../domain/routing.ts'
import { normal, normalBelow } from '../../../std/variates.ts'
import { type Belief, chancesOfGreatest } from '../chances.ts'
import { greatest } from '../greatest.ts'
import { nestedContexts } from '../nested-contexts.ts'
import { believe, type KnownArms, type QualityBeliefs } from '../quality-belief.ts'
import type { Statistics } from '../statistics.ts'
import type { Arm, PickContext, Strategy } from '../strategy.ts'

/**
 * Each observation counts twice in how widely quality is sampled: a calmer Thompson sampling. On simple bandits its regret
 * is no more than that of the plain one; with three, some runs never find the best arm.
 */
const counts = 2

export const learned: Strategy = {
  pick(arms, statistics, context, random) {
    const { mean, strength } = beliefsOf(arms, statistics, context)
    const price = pricing(arms, context.policy)
    const samples: number[] = []
    for (let at = 0; at < arms.length; at += 1) {
      const turn = spreadOf(strength[at] as number) * normal(random)
      samples.push(qualityTurned(mean[at] as number, turn) - price(arms[at] as Arm))
    }
    return greatest(arms, samples)
  },

  propensities(arms, statistics, context) {
    const { mean, strength } = beliefsOf(arms, statistics, context)
    const price = pricing(arms, context.policy)
    const beliefs = arms.map((arm, at) => {
      return asBelief(angleOf(mean[at] as number), spreadOf(strength[at] as number), price(arm))
    })
    return chancesOfGreatest(beliefs)
  },
}

function beliefsOf(arms: readonly Arm[], statistics: Statistics, { key, policy }: PickContext): QualityBeliefs {
  const known: KnownArms = {
    ...{ count: arms.length, levels: nestedContexts(key).length },
    records: (at) => statistics.along((arms[at] as Arm).key, key),
    prior: (at) => arms[at]?.prior,
    pending: (at) => (arms[at] as Arm).pending,
  }
  return believe(known, policy.prior_strength)
}

function spreadOf(strength: number): number {
  return 0.5 / Math.sqrt(counts * strength + 1)
}

/** What an arm's cost and latency take from its utility. An unknown cost is taken to be that of the dearest. */
function pricing(arms: readonly Arm[], policy: RoutingPolicy): (arm: Arm) => number {
  const { cost_weight, latency_weight, cost_ref_usd, latency_slo_ms } = policy
  let dearest = 0
  for (const { cost_usd } of arms) if (cost_usd !== null && cost_usd > dearest) dearest = cost_usd
  const reference = cost_ref_usd ?? dearest
  return ({ cost_usd, latency_ms }) => {
    const cost = reference > 0 ? (cost_usd ?? dearest) / reference : 0
    const late = latency_slo_ms && latency_ms !== null ? Math.max(0, latency_ms / latency_slo_ms - 1) : 0
    return cost_weight * cost + latency_weight * late
  }
}

/**
 * The quality at an angle, sin². On this scale what was observed n times spreads by 1 / (2√n), whatever its mean, so that
 * more quality never makes a sample smaller. It goes on beyond both ends: nearly perfect arms don't tie.
 */
function qualityAt(angle: number): number {
  if (angle < 0) return -(angle * angle)
  const over = angle - Math.PI / 2
  if (over > 0) return 1 + over * over
  const root = Math.sin(angle)
  return root * root
}

/** `qualityAt(angleOf(quality) + turn)`, mostly with one function less: sin²(a + b) by what is known of a. */
function qualityTurned(quality: number, turn: number): number {
  const sine = Math.sin(turn)
  const square = sine * sine
  const isWithin = turn < 0 ? quality > square : 1 - quality > square
  // Far turns, and those over the ends.
  if (!isWithin || square > 0.5) return qualityAt(angleOf(quality) + turn)
  return quality + (1 - 2 * quality) * square + 2 * sine * Math.sqrt((1 - square) * quality * (1 - quality))
}

function angleOf(quality: number): number {
  if (quality < 0) return -Math.sqrt(-quality)
  return quality > 1 ? Math.PI / 2 + Math.sqrt(quality - 1) : Math.asin(Math.sqrt(quality))
}

/** Deviations in which all but one sample in 10⁹ lies. */
const reach = 6

function asBelief(angle: number, spread: number, price: number): Belief {
  const low = qualityAt(angle - reach * spread) - price
  const high = qualityAt(angle + reach * spread) - price
  return {
    mean: (low + high) / 2,
    sd: (high - low) / (2 * reach),
    low,
    high,
    below: (utility) => normalBelow((angleOf(utility + price) - angle) / spread),
  }
}
