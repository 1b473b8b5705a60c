/** What earlier processes did of a call, as the journal tells it. */
import type { WorkRef } from '../../domain/events.ts'
import type { PriorAttempt, PriorCalls } from '../../executor/contract.ts'
import type { Json } from '../../std/json.ts'
import { addCost, openCall, type RunState, unspill, workOf } from '../state.ts'

/** What the journal knows of this very call (invariant 4). */
export function priorCalls(state: RunState, loaded: ReadonlyMap<string, Json>, ref: WorkRef): PriorCalls {
  const work = workOf(state, ref)
  const calls = work?.calls ?? []
  const attempts: number[] = []
  const ids: string[] = []
  const elapsed_by: number[] = []
  const settledCalls: PriorAttempt[] = []
  const prior: PriorCalls = {
    ...{ attempts, ids, calls: 0, cost_usd: 0, elapsed_ms: 0, elapsed_by },
    settled: settledCalls,
  }
  for (const call of calls) {
    prior.calls = Math.max(prior.calls, call.call)
    const { settled } = call
    if (!settled) continue
    settledCalls.push({ ...call, settled })
    prior.cost_usd = addCost(prior.cost_usd, settled.cost_usd)
    prior.elapsed_ms += settled.latency_ms
    elapsed_by[call.candidate] = (elapsed_by[call.candidate] ?? 0) + settled.latency_ms
    attempts[call.candidate] = (attempts[call.candidate] ?? 0) + 1
    prior.last = call.candidate
    // What an abandoned call came to is still to be learned: a search must be able to find it.
    if (call.id !== undefined && settled.status !== 'abandoned') ids.push(call.id)
    if (settled.error) prior.last_error = settled.error
  }
  prior.attempts = Array.from(attempts, (count) => count ?? 0)
  const last = openCall(work)
  const orphans = calls.filter((call) => !call.settled && call !== last)
  if (orphans.length > 0) prior.orphans = orphans.map(({ call, candidate }) => ({ call, candidate }))
  if (!last) return prior
  const { body, settled: _settled, target: _target, counted: reserve_usd, ...rest } = last
  return { ...prior, open: { ...rest, reserve_usd, body: unspill(body, loaded) } }
}
