/**
 * The greatest weighted utility (`utility.ts`) of exponential moving averages, x ← x + α · (new − x) with α = `ema_alpha`.
 * Cost is this call's own prediction where there is one. What was never called is hoped to be perfect and
 * immediate, so that everything is tried once; afterwards nothing is explored.
 */
import { byScore } from '../by-score.ts'
import { utility } from '../utility.ts'

export const score = byScore((arms, statistics, { policy }) =>
  arms.map(({ key, cost_usd, latency_ms }) => {
    const { sums, derived } = statistics.of(key)
    const { ema } = derived
    const latency = ema.latency_ms ?? (sums.calls === 0 ? 0 : latency_ms)
    return utility(ema.quality ?? 1, cost_usd ?? ema.cost_usd, latency, policy)
  }),
)
