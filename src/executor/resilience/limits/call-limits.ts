/** Everything that holds calls back: the limits and bulkheads of agents, models and providers, shared by processes. */
import type { Bulkhead as BulkheadPolicy, CallLimits, RateLimit } from '../../../domain/rate-limit.ts'
import { ConfigurationError } from '../../../domain/errors.ts'
import { hashJson } from '../../../std/hash.ts'
import type { Json } from '../../../std/json.ts'
import { ownValue } from '../../../std/own-entry.ts'
import type { Candidate } from '../../../targets/target.ts'
import { type Bulkhead, type BulkheadParts, createBulkhead } from './bulkhead.ts'
import { type Ask, type Bucket, createRateLimiter, makeBucket, type TellWait } from './rate-limit.ts'

/** What somebody or something is held to. */
export interface LimitPolicies extends CallLimits {
  bulkhead?: BulkheadPolicy
}

export interface ProviderPolicies extends LimitPolicies {
  /** Requests in a minute that create nothing. */
  requests?: RateLimit
  /** Tells accounts apart: a hash of the key that calls are made with. */
  key?: string
}

export interface LimitSettings {
  /** By kind of target. */
  providers: Readonly<Record<string, ProviderPolicies>>
  /** By `owner/name`. */
  models: Readonly<Record<string, LimitPolicies>>
}

/** What a call needs before it begins. Undefined: nobody knows. */
export interface Need {
  usd: number | undefined
  tokens: number | undefined
}

/** What it used. null or undefined: nobody knows. */
export interface Used {
  usd: number | null
  tokens?: number | undefined
}

/** What one call passes. */
export interface CallGate {
  /** Whether what it needs has to be known. */
  readonly counts: { usd: boolean; tokens: boolean }
  /** As `enter` of each bulkhead that holds for it. */
  enter(signal: AbortSignal, tell?: TellWait): Promise<() => void>
  /**
   * Resolves when it may begin, with what is to be told what it really used. Throws ConfigurationError when dollars are
   * limited and its price is unknown.
   */
  take(need: Need, signal: AbortSignal, tell?: TellWait): Promise<(used: Used) => void>
  /** The provider refused (429): nobody calls it for so long. `allowed`: what it said it lets through in a minute. */
  pause(ms: number, allowed?: number): Promise<void>
}

/** Requests to a provider that create nothing. */
export interface RequestGate {
  take(signal: AbortSignal): Promise<void>
  pause(ms: number, allowed?: number): void
}

export interface CallLimitsOf {
  /** Undefined: nothing holds its calls back. */
  of(candidate: Candidate): CallGate | undefined
  /** Undefined: nothing holds them back. */
  requests(kind: string): RequestGate | undefined
  /** Gives back what no call has. */
  close(): Promise<void>
}

/** What a limit is of. */
export type LimitOwner = { kind: 'agent' | 'model' | 'provider'; name: string; key: string }
export const bucketKinds = ['calls', 'tokens', 'dollars', 'requests'] as const
export type BucketKind = (typeof bucketKinds)[number]

interface Gate {
  owner: LimitOwner
  policies: LimitPolicies
  calls: Bucket | undefined
  tokens: Bucket | undefined
  dollars: Bucket | undefined
  bulkhead: Bulkhead | undefined
}

/** The cell of a bucket, or of the places of a bulkhead. */
export function cellOf({ kind, name, key }: LimitOwner, what: BucketKind | 'slots'): string {
  return ['limit', kind, encodeURIComponent(name), key, what].join('/')
}

/** Whose cell it is; undefined: of no limit. */
export function ownerOfCell(cell: string): LimitOwner | undefined {
  const [prefix, kind, name, key] = cell.split('/')
  const isOwner = kind === 'agent' || kind === 'model' || kind === 'provider'
  return prefix === 'limit' && isOwner && name !== undefined && key !== undefined
    ? { kind, name: decodeURIComponent(name), key }
    : undefined
}

function titleOf({ kind, name }: LimitOwner): string {
  return kind === 'provider' ? (name === 'replicate' ? 'Replicate' : name) : kind === 'agent' ? `agent "${name}"` : name
}

/** Workflows may have different agents of one name: what they are held to tells them apart. */
export function agentOwner(name: string, policies: LimitPolicies): LimitOwner {
  return { kind: 'agent', name, key: hashJson(policies as unknown as Json).slice(0, 8) }
}

/** For replays and trial runs. */
export const noLimits: CallLimitsOf = { of: () => undefined, requests: () => undefined, close: async () => {} }

export function createCallLimits(settings: LimitSettings, parts: BulkheadParts): CallLimitsOf {
  const limiter = createRateLimiter(parts)
  const gates = new Map<string, Gate>()
  const passed = new Map<string, CallGate | undefined>()
  /** The same by candidate, for it is asked for with every attempt. */
  const known = new WeakMap<Candidate, { gate: CallGate | undefined }>()

  function bucket(owner: LimitOwner, what: BucketKind, limit: RateLimit | undefined): Bucket | undefined {
    if (!limit) return undefined
    const detail = what === 'calls' ? '' : ` (${what})`
    const corrected = what === 'tokens' || what === 'dollars'
    return makeBucket({ name: cellOf(owner, what), title: `${titleOf(owner)}${detail}`, limit, corrected })
  }

  function gateOf(owner: LimitOwner, policies: LimitPolicies | undefined): Gate[] {
    if (!policies || Object.keys(policies).length === 0) return []
    const id = cellOf(owner, 'calls')
    const { rate, tokens, usd, bulkhead } = policies
    const name = { name: cellOf(owner, 'slots'), title: titleOf(owner) }
    const gate = gates.get(id) ?? {
      ...{ owner, policies },
      calls: bucket(owner, 'calls', rate),
      tokens: bucket(owner, 'tokens', tokens),
      dollars: bucket(owner, 'dollars', usd),
      bulkhead: bulkhead && createBulkhead(bulkhead, name, parts),
    }
    gates.set(id, gate)
    return [gate]
  }

  /** The narrowest first: who waits for it keeps nobody else from what is shared by more. */
  function gatesOf({ name, target, model, limits, bulkhead }: Candidate): Gate[] {
    const own: LimitPolicies = { ...limits, ...(bulkhead && { bulkhead }) }
    const { key = '', requests: _requests, ...provider } = settings.providers[target] ?? {}
    const plain = model.split(':', 1)[0] as string
    return [
      ...(Object.keys(own).length === 0 ? [] : gateOf(agentOwner(name, own), own)),
      ...(target === 'replicate' ? gateOf({ kind: 'model', name: plain, key }, ownValue(settings.models, plain)) : []),
      ...gateOf({ kind: 'provider', name: target, key }, provider),
    ]
  }

  function callGate(all: readonly Gate[], kind: string): CallGate {
    const counts = { usd: all.some(({ dollars }) => dollars), tokens: all.some(({ tokens }) => tokens) }
    return {
      counts,
      async enter(signal, tell) {
        const left: (() => void)[] = []
        const leave = () => {
          for (const each of left.splice(0).toReversed()) each()
        }
        try {
          for (const { bulkhead } of all) if (bulkhead) left.push(await bulkhead.enter(signal, tell))
          return leave
        } catch (error) {
          leave()
          throw error
        }
      },
      async take(need, signal, tell) {
        const asks = all.flatMap((gate) => asksOf(gate, need))
        if (asks.length === 0) return () => {}
        const taken = await limiter.take(asks, signal, tell)
        return (used) => {
          const corrections = asks.flatMap(({ bucket: each, what }, at) => {
            const really = what === 'calls' ? undefined : used[what]
            return typeof really === 'number' ? [{ bucket: each, units: really - (taken[at] as number) }] : []
          })
          limiter.correct(corrections)
        }
      },
      async pause(ms, allowed) {
        const provider = all.find(({ owner }) => owner.kind === 'provider' && owner.name === kind)
        if (provider?.calls) await limiter.pause(provider.calls, ms, allowed)
      },
    }
  }

  /** One for all candidates that are held to the same. */
  function passedBy(candidate: Candidate): CallGate | undefined {
    const { name, target, model, limits, bulkhead } = candidate
    const id = JSON.stringify([name, target, model, limits, bulkhead])
    if (passed.has(id)) return passed.get(id)
    const all = gatesOf(candidate)
    const gate = all.length > 0 ? callGate(all, target) : undefined
    passed.set(id, gate)
    return gate
  }

  return {
    of(candidate) {
      let found = known.get(candidate)
      if (!found) known.set(candidate, (found = { gate: passedBy(candidate) }))
      return found.gate
    },
    requests(kind) {
      const { key = '', requests } = settings.providers[kind] ?? {}
      const own = bucket({ kind: 'provider', name: kind, key }, 'requests', requests)
      if (!own) return undefined
      return {
        async take(signal) {
          await limiter.take([{ bucket: own, units: 1 }], signal)
        },
        pause(ms, allowed) {
          limiter.pause(own, ms, allowed).catch(() => {})
        },
      }
    },
    async close() {
      await limiter.close()
      for (const { bulkhead } of gates.values()) await bulkhead?.close()
    },
  }
}

type CallAsk = Ask & { what: 'calls' | 'tokens' | 'usd' }

function asksOf({ owner, calls, tokens, dollars }: Gate, need: Need): CallAsk[] {
  const asks: CallAsk[] = []
  if (calls) asks.push({ bucket: calls, units: 1, what: 'calls' })
  // Where nobody can tell before, what others used is waited for all the same.
  if (tokens) asks.push({ bucket: tokens, units: need.tokens ?? 1, what: 'tokens' })
  if (dollars) {
    if (need.usd === undefined) throw unknownPrice(owner)
    asks.push({ bucket: dollars, units: need.usd, what: 'usd' })
  }
  return asks
}

function unknownPrice(owner: LimitOwner): ConfigurationError {
  const message = `nobody knows what the call costs, so the \`usd_per_minute\` of ${titleOf(owner)} can not be kept`
  return new ConfigurationError('configuration', message, {
    hint: 'say it with `prices set MODEL --per-call 0.05`, give its agent a `price`, or take the limit away',
  })
}
