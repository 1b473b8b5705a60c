/** A quality of service: which candidates may be chosen at all, before a strategy sees them. */
import type { QosPolicy, QosTier } from '../../domain/routing.ts'
import type { ObservedQuality } from './observed-quality.ts'

/** What each tier asks for, unless the policy itself asks for something else. */
const tiers: Readonly<Record<QosTier, Omit<QosPolicy, 'tier'>>> = {
  FAST: { latency_cap_ms: 2_000, quality_floor: 0.5 },
  BALANCED: { latency_cap_ms: 5_000, cost_cap_usd: 0.05, quality_floor: 0.7 },
  QUALITY: { cost_cap_usd: 0.1, quality_floor: 0.9 },
}

/** What is known of a candidate before the call. */
export interface Known {
  /** Calls that said something of the model. */
  calls: number
  quality: ObservedQuality
  cost_usd: number | null
  latency_ms: number | null
  /** Calls that said how long they took. */
  timed: number
  /** Why its circuit breaker does not let the call through, in words. */
  barred: string | undefined
}

export interface Verdict {
  /** Which requirement took it out, in words. */
  removed_by?: string
  /** Let in though too little is known of it. */
  exploring?: boolean
}

/** With fewer observations a model is not known well enough to be judged. */
const enough = 3

/**
 * One verdict for each candidate. What is known to break a requirement is out; so is what is too little known, but in a
 * share of calls (`explores`), and where nothing else is left: somebody has to find out.
 */
export function qualify(
  policy: QosPolicy | undefined,
  candidates: readonly Known[],
  explores: () => boolean,
): Verdict[] {
  const caps = policy ? capsOf(policy) : []
  const judged = candidates.map((known) => judge(caps, known))
  const doubtful = judged.filter(({ doubt }) => doubt !== undefined)
  if (doubtful.length === 0) return judged
  const anySure = judged.some(({ doubt, removed_by }) => doubt === undefined && removed_by === undefined)
  const letIn = !anySure || explores()
  return judged.map(({ doubt, ...verdict }) => {
    if (doubt === undefined) return verdict
    return letIn ? { exploring: true } : { removed_by: doubt }
  })
}

interface Cap {
  name: 'latency_cap_ms' | 'cost_cap_usd' | 'quality_floor'
  value: number
  /** A tier's is to be kept under; what a user writes may be reached. */
  tier?: QosTier
}

/** A tier, with what the policy itself asks for in its place. */
function capsOf(policy: QosPolicy): Cap[] {
  const { tier } = policy
  const names = ['cost_cap_usd', 'latency_cap_ms', 'quality_floor'] as const
  return names.flatMap((name) => {
    const own = policy[name]
    if (own !== undefined) return [{ name, value: own }]
    const value = tier && tiers[tier][name]
    return value === undefined ? [] : [{ name, value, tier: tier as QosTier }]
  })
}

interface Judged extends Verdict {
  /** The requirement that it would fall to, were it known well enough. */
  doubt?: string
}

/** What is known for certain comes first: no exploring helps against it. */
function judge(caps: readonly Cap[], known: Known): Judged {
  if (known.barred !== undefined) return { removed_by: known.barred }
  let doubt: string | undefined
  for (const cap of caps) {
    const { value, proven } = measured(cap, known)
    if (proven && value !== null && keeps(cap, value)) continue
    const name = `${cap.name} ${cap.value}${cap.tier ? ` of ${cap.tier}` : ''}`
    if (proven) return { removed_by: `${name} ${signOf(cap)} ${shown(value)}` }
    doubt ??= `${name}: known from ${evidence(cap, known)}`
  }
  return doubt === undefined ? {} : { doubt }
}

/** A price is known before any call; a model that was never timed in enough calls will not be. */
function measured({ name }: Cap, known: Known): { value: number | null; proven: boolean } {
  const sure = known.calls >= enough
  switch (name) {
    case 'cost_cap_usd':
      return { value: known.cost_usd, proven: sure || known.cost_usd !== null }
    case 'latency_cap_ms':
      return { value: known.latency_ms, proven: sure || known.timed >= enough }
    case 'quality_floor':
      return { value: known.quality.mean, proven: sure && known.quality.observations >= enough }
  }
}

/** How little there is, of what is needed. */
function evidence({ name }: Cap, { calls, quality }: Known): string {
  const isUnscored = name === 'quality_floor' && calls >= enough
  return isUnscored ? `${quality.observations} of ${enough} scores` : `${calls} of ${enough} calls`
}

function keeps({ name, value: limit, tier }: Cap, value: number): boolean {
  if (name === 'quality_floor') return value >= limit
  return tier === undefined ? value <= limit : value < limit
}

function signOf({ name, tier }: Cap): string {
  if (name === 'quality_floor') return '>'
  return tier === undefined ? '<' : '<='
}

function shown(value: number | null): string {
  return value === null ? 'unknown' : String(Number(value.toPrecision(4)))
}
