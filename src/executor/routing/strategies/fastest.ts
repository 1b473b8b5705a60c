/**
 * The least predicted latency. An arm that was never called has none, and comes first, or it would never be known; one
 * that was called without any latency to show for it has only failed, and comes last.
 */
import { byScore } from '../by-score.ts'

export const fastest = byScore((arms, statistics) => {
  const slowest = arms.reduce((most, { latency_ms }) => Math.max(most, latency_ms ?? 0), 0)
  return arms.map(({ key, latency_ms }) => {
    if (latency_ms !== null) return -latency_ms
    return statistics.of(key).sums.calls === 0 ? 1 : -(slowest + 1)
  })
})
