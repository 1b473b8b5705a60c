/** One number of quality, cost and latency, as `score` and `thompson_multi` weigh them (ruling 40). */
import type { RoutingPolicy } from '../../domain/routing.ts'

/**
 * What a dollar and a millisecond are measured by where the policy has no reference: the caps of the tier BALANCED.
 * References are fixed. The least and the greatest value met so far would be none: each new extreme would give what
 * was learned before another meaning.
 */
const usualReferences = { cost_usd: 0.05, latency_ms: 5000 }

type Weighing = Pick<RoutingPolicy, 'weights' | 'cost_ref_usd' | 'latency_slo_ms'>

/**
 * u = (w_q · q + w_c · (1 − cost / cost_ref) + w_l · (1 − latency / latency_ref)) / (w_q + w_c + w_l): at most 1, under 0
 * for what is much dearer or slower than the references. It is linear, so the mean of utilities is that of the means.
 * A cost or latency that is not known counts as the reference.
 */
export function utility(quality: number, cost: number | null, latency: number | null, policy: Weighing): number {
  const { weights } = policy
  const whole = weights.quality + weights.cost + weights.latency
  if (!(whole > 0)) return 0
  const saved = cost === null ? 0 : 1 - cost / (policy.cost_ref_usd ?? usualReferences.cost_usd)
  const quick = latency === null ? 0 : 1 - latency / (policy.latency_slo_ms ?? usualReferences.latency_ms)
  return (weights.quality * quality + weights.cost * saved + weights.latency * quick) / whole
}
