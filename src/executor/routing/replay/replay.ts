/**
 * Goes through logged decisions in the order in which they were made, and says for each how probable another strategy
 * would have been to make the same choice. It learns as it goes, from the logged outcomes alone, and from each only once
 * the call had ended: it knows what it could have known at the time, of what the logged choices found out.
 */
import type { RoutingPolicy } from '../../../domain/routing.ts'
import type { Random } from '../../../std/random.ts'
import { createMemoryState } from '../state.ts'
import type { Strategy } from '../strategy.ts'
import { createDirectModel } from './direct-model.ts'
import type { LoggedArm, LoggedDecision } from './logged.ts'

export interface Replay {
  strategy: Strategy
  policy: RoutingPolicy
  /** λ: what a call that costs `cost_ref_usd` loses of its utility. */
  lambda: number
  /** Dollars. */
  cost_ref_usd: number
  random: Random
  /** Called now and then, so that others have their turn; may throw to end the replay. */
  pause(): Promise<void>
}

const betweenPauses = 500

/** What one decision says of the strategy. */
export interface Weighed {
  /** How much more probable the strategy was to choose what was chosen; null: nobody knows how probable that had been. */
  weight: number | null
  /** Utility of the outcome; null: its cost is unknown. */
  utility: number | null
  /** What the direct model expects of the chosen arm, and of what the strategy would have chosen, on average. */
  expected_of_chosen: number
  expected: number
  /** How probable the strategy was to choose what the log could not have chosen. */
  unsupported: number
}

const agent = 'logged'

export async function replay(decisions: readonly LoggedDecision[], given: Replay): Promise<Weighed[]> {
  const { policy, lambda, cost_ref_usd } = given
  const state = createMemoryState()
  const statistics = state.statistics(agent)
  const model = createDirectModel()
  const open: LoggedDecision[] = []
  const weighed: Weighed[] = []
  for (const [turn, decision] of inOrder(decisions).entries()) {
    if (turn % betweenPauses === 0) await given.pause()
    for (const ended of takeEnded(open, decision.time)) learn(ended)
    open.push(decision)
    weighed.push(weigh(decision, turn))
  }
  return weighed

  function learn({ arms, chosen, context, outcome }: LoggedDecision): void {
    const { key } = arms[chosen] as LoggedArm
    state.observe(agent, key, contextIn(context, policy), outcome, policy)
    model.observe(key, context, qualityOf(outcome))
  }

  function weigh(decision: LoggedDecision, turn: number): Weighed {
    const { arms, chosen, context, outcome } = decision
    const pick = { key: contextIn(context, policy), policy, turn }
    const chances = given.strategy.propensities(arms, statistics, pick, given.random)
    const one = arms[chosen] as LoggedArm
    const cost = outcome.cost_usd ?? one.cost_usd
    const priceOf = (usd: number | null) => (lambda === 0 || usd === null ? 0 : (lambda * usd) / cost_ref_usd)
    const isPriced = lambda === 0 || cost !== null
    const expected = arms.map(({ key, cost_usd }) => model.expected(key, context) - priceOf(cost_usd))
    const known = one.propensity !== undefined && one.propensity > 0
    return {
      weight: known ? (chances[chosen] as number) / (one.propensity as number) : null,
      utility: isPriced ? qualityOf(outcome) - priceOf(cost) : null,
      expected_of_chosen: expected[chosen] as number,
      expected: sum(expected.map((each, at) => each * (chances[at] as number))),
      unsupported: sum(arms.map(({ propensity }, at) => (propensity === 0 ? (chances[at] as number) : 0))),
    }
  }
}

/** Without a score, quality is success (ruling 41). */
function qualityOf({ quality, succeeded }: LoggedDecision['outcome']): number {
  return quality ?? (succeeded ? 1 : 0)
}

function inOrder(decisions: readonly LoggedDecision[]): LoggedDecision[] {
  return decisions.toSorted((one, other) => one.time - other.time)
}

/** Takes those out that had ended by then, first ended first. */
function takeEnded(open: LoggedDecision[], time: number): LoggedDecision[] {
  const end = ({ time: began, outcome }: LoggedDecision) => began + (outcome.latency_ms ?? 0)
  const ended = open.filter((decision) => end(decision) <= time).toSorted((one, other) => end(one) - end(other))
  if (ended.length > 0) open.splice(0, open.length, ...open.filter((decision) => end(decision) > time))
  return ended
}

/** The parts of a logged context that the policy asks for; what was not logged can't be added. */
function contextIn(logged: string, { context }: RoutingPolicy): string {
  const parts = logged.split(' ').filter((part) => context.some((name) => part.startsWith(`${name}=`)))
  return parts.join(' ')
}

function sum(values: readonly number[]): number {
  return values.reduce((whole, each) => whole + each, 0)
}
