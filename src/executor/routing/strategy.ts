/** What a strategy is: it picks one arm, and says how probable each was. */
import type { RoutingPolicy } from '../../domain/routing.ts'
import type { Random } from '../../std/random.ts'
import type { Statistics } from './statistics.ts'

/** A candidate that passed the filters. */
export interface Arm {
  /** Position in the chain of the call. */
  candidate: number
  /** What statistics are kept under: `owner/name`, with its version where that is known. */
  key: string
  /** What this very call is predicted to cost, dollars; null: unknown. */
  cost_usd: number | null
  /** What it is predicted to take, milliseconds; null: unknown. */
  latency_ms: number | null
  /** Calls of it in flight. */
  pending: number
  /** What an arm that is new is believed to be: a quality in [0, 1], worth so many observations. */
  prior?: { quality: number; strength: number }
}

export interface PickContext {
  /** What makes calls alike; a key of contexts in statistics. */
  key: string
  policy: RoutingPolicy
  /** Calls of the agent decided before this one, by anyone. */
  turn: number
}

export interface Pick {
  /** Index into the arms, not their position in the chain. */
  chosen: number
  /** The sample or index of each arm that decided; the greatest was chosen. */
  scores: number[]
}

export interface Strategy {
  /** `arms` is never empty. Statistics are only read. */
  pick(arms: readonly Arm[], statistics: Statistics, context: PickContext, random: Random): Pick
  /** How probable each arm was to be chosen, exactly where that is possible, else estimated; they add up to 1. */
  propensities(arms: readonly Arm[], statistics: Statistics, context: PickContext, random: Random): number[]
}
