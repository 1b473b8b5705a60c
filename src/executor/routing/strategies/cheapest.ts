/** The least predicted cost of this very call; candidates whose cost is unknown come after those whose cost is known. */
import { byScore } from '../by-score.ts'

export const cheapest = byScore((arms) => {
  const dearest = arms.reduce((most, { cost_usd }) => Math.max(most, cost_usd ?? 0), 0)
  return arms.map(({ cost_usd }) => -(cost_usd ?? dearest + 1))
})
