/**
 * UCB1 (Auer, Cesa-Bianchi, Fischer 2002): the greatest m + α · √(ln t / n), where m is an arm's mean quality over its n
 * observations, t all observations of the arms at hand, and α = `ucb_alpha`, √2 in the paper. Each arm is tried once first.
 * With `discount` γ < 1, m, n and t are discounted (Garivier and Moulines 2011).
 */
import { byScore } from '../by-score.ts'
import { observations, worth } from '../seen.ts'

export const ucb1 = byScore((arms, statistics, { policy: { ucb_alpha } }) => {
  let all = 0
  const counts: number[] = []
  const means = arms.map(({ key }) => {
    const record = statistics.of(key)
    const n = observations(record)
    counts.push(n)
    if (n > 0) all += n
    return worth(record) / n
  })
  const unit = ucb_alpha * Math.sqrt(Math.log(Math.max(1, all)))
  return means.map((mean, at) => {
    const n = counts[at] as number
    // What is new is over everything else: a mean is at most 1.
    return n === 0 ? 2 + unit : mean + unit / Math.sqrt(Math.max(1, n))
  })
})
