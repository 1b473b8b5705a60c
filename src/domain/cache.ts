/** The words of the result cache: what is kept of an answer, and what is counted of it. */

/** What goes first when there is no room left: `lru` what was not used for longest, `lfu` what was used least often, `fifo` the oldest, `ttl` what expires soonest. */
export const cachePolicies = ['lru', 'lfu', 'fifo', 'ttl'] as const
export type CachePolicyName = (typeof cachePolicies)[number]

export interface CacheEntry {
  key: string
  /** Of whose call the answer came: an agent, or a model as written. */
  agent: string
  target: string
  /** `owner/name`, without a version. */
  model: string
  version: string | undefined
  /** A short hash of each field of the input, to say later what differs. */
  parts: Readonly<Record<string, string>>
  /** The JSON text of the output, its files and what answered. */
  value: string
  /** Of that text and of the files. */
  bytes: number
  /** What the call cost when it was made; null: unknown. */
  cost_usd: number | null
  /** How long it took then; null: unknown. */
  latency_ms: number | null
  /** What the answer was found to be worth, in [0, 1]; null: nobody said. */
  score: number | null
  run_id: string | undefined
  step: string | undefined
  /** Epoch milliseconds, as all moments here. */
  created_at: number
  expires_at: number | undefined
  used_at: number
  /** How often it was given again. */
  uses: number
}

/** Why an answer that was kept is kept no longer. */
export const goneReasons = ['evicted', 'expired', 'cleared', 'file_gone', 'damaged'] as const
export type GoneReason = (typeof goneReasons)[number]

export interface CacheGone {
  gone: GoneReason
  at: number
}

/** Why a call was made although its agent has a cache. */
export const missReasons = [...goneReasons, 'absent', 'misfit', 'not_good_enough'] as const
export type MissReason = (typeof missReasons)[number]

/** What the calls of an agent came to, by model. */
export interface CacheCount {
  agent: string
  model: string
  hits: number
  misses: number
  saved_usd: number
  /** Hits whose answer had an unknown cost. */
  unknown_hits: number
  saved_ms: number
}

/** What is written of the cache in one transaction. */
export interface CacheBatch {
  put: readonly CacheEntry[]
  used: readonly { key: string; times: number; at: number }[]
  dropped: readonly { key: string; why: GoneReason; created_at: number }[]
  counts: readonly CacheCount[]
}

/** How much may be kept; what is absent is not limited. */
export interface CacheLimits {
  max_entries?: number
  max_bytes?: number
}

/** What an agent's answers keep to. */
export interface CachePool extends CacheLimits {
  agent: string
  policy: CachePolicyName
}

export interface CacheChoice {
  agent?: string
  /** `owner/name`, or with `:version`. */
  model?: string
  /** Kept before this moment. */
  before?: number
  run_id?: string
  step?: string
}

/** What is kept of an agent's calls of a model. */
export interface CacheShare {
  agent: string
  model: string
  entries: number
  bytes: number
}
