/** Routing and quality of service as written → as kept. */
import type { QosPolicy, RoutingPolicy } from '../../domain/routing.ts'
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
