/** Routing and quality of service as written → as kept. */
import type { QosPolicy, RoutingPolicy, StrategyName } from '../../domain/routing.ts'
import { defined } from '../../std/defined.ts'
import { normaliseQuality } from './quality-spec.ts'
import type { QosSpec, RoutingSpec } from './routing-spec.ts'

/** What is written, over what holds otherwise. */
export function routingOver(under: RoutingPolicy, { weights, quality, ...written }: RoutingSpec): RoutingPolicy {
  const policy: RoutingPolicy = { ...under, ...defined(written) }
  if (weights) policy.weights = { ...under.weights, ...defined(weights) }
  if (quality) policy.quality = normaliseQuality(quality)
  return policy
}

export function qosOf(written: QosSpec): QosPolicy {
  return defined(written)
}

/** Keys that only some strategies read. What moving averages, contexts and forgetting say is read by all of them. */
const readers: Partial<Record<keyof RoutingPolicy, readonly StrategyName[]>> = {
  weights: ['score', 'thompson_multi'],
  ucb_alpha: ['ucb1', 'adaptive'],
  explore_calls: ['adaptive'],
  cost_weight: ['learned'],
  latency_weight: ['learned'],
  cost_ref_usd: ['learned', 'score', 'thompson_multi'],
  latency_slo_ms: ['learned', 'score', 'thompson_multi'],
}

/** What of a routing is written for other strategies than those that will read it, each in words. */
export function unreadKeys(written: RoutingSpec, strategies: readonly StrategyName[]): { key: string; why: string }[] {
  return Object.keys(written).flatMap((key) => {
    const by = readers[key as keyof RoutingPolicy]
    if (!by || by.some((each) => strategies.includes(each))) return []
    return [{ key, why: `\`${key}\` is of ${by.join(', ')}, and the strategy here is ${strategies.join(', ')}` }]
  })
}

/** What is told of a cascade that takes the first answer whatever it is; undefined: nothing. */
export function contentCascade(
  policy: RoutingPolicy | undefined,
): { code: string; message: string; hint: string } | undefined {
  if (policy?.strategy !== 'cascade' || policy.quality?.accept !== undefined) return undefined
  return {
    code: 'cascade_accepts_all',
    message: 'a `cascade` that accepts every answer is `cheapest`',
    hint: 'give it a bar, as in `quality: {judge: AGENT, accept: 0.7}`',
  }
}
