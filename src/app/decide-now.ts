/** What the router would decide for a call now: from what is known, with nothing called and nothing learned. */
import type { CallLabels, CallSpec, Candidate } from '../executor/contract.ts'
import { createBreakers, refusalOf } from '../executor/resilience/breaker/breakers.ts'
import { type Considered, consider } from '../executor/routing/consider.ts'
import { decide } from '../executor/routing/decide.ts'
import type { RouterState } from '../executor/routing/state.ts'
import { strategies } from '../executor/routing/strategy-table.ts'
import type { JsonObject } from '../std/json.ts'
import type { Random } from '../std/random.ts'
import type { App } from './app.ts'

export interface DecidedNow {
  state: RouterState
  considered: Considered
  /** Calls of the agent that were decided before. */
  turn: number
  decided: ReturnType<typeof decide>
}

/** Among the candidates of one agent of the call. */
export async function decideNow(
  app: App,
  agent: string,
  spec: CallSpec,
  labels: CallLabels,
  random: Random,
): Promise<DecidedNow> {
  const open = [...spec.chain.keys()].filter((at) => spec.chain[at]?.name === agent)
  const state = await app.routerState(app.world)
  const request = { spec, open, labels, call: 1, versionOf: () => undefined, expected: await expectations(app) }
  const breakers = createBreakers({
    clock: app.clock,
    cells: () => app.cells(app.world),
    providers: (await app.config()).providerBreakers,
  })
  await breakers.ready(spec.chain)
  const gate = { refusal: (candidate: Candidate) => refusalOf(breakers.of(candidate)) }
  const considered = await consider(state, gate, request)
  const turn = state.turn(agent)
  const decided = decide({ state, strategyOf: (strategy) => strategies[strategy], random }, considered, turn)
  return { state, considered, turn, decided }
}

async function expectations(app: App) {
  const prices = await app.prices()
  const { usualCost } = await import('../targets/replicate/cost.ts')
  return async (candidate: Candidate, input: JsonObject, latency_ms: number | null): Promise<number | null> => {
    if (candidate.target !== 'replicate') return candidate.price?.usd_per_call ?? 0
    return usualCost(prices.find(candidate)?.rates, input, latency_ms)
  }
}
