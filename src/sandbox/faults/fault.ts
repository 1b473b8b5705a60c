/** What can go wrong in the sandbox, and when. */

/** The requests that a rule looks at; `model`: its pages and versions. */
export type Occasion = 'create' | 'get' | 'cancel' | 'stream' | 'download' | 'upload' | 'model'

/** How an output is broken. */
export const corruptions = ['type', 'text', 'json', 'file'] as const
export type Corruption = (typeof corruptions)[number]

/** What goes wrong. */
export type Fault =
  /** The prediction is created and ends `failed` with this error. */
  | { kind: 'failed'; error: string }
  /** The request is answered with this status; nothing is created. */
  | { kind: 'status'; status: number; retryAfterS: number | undefined }
  /** The connection is cut; `after`: the prediction was created, but its answer is lost. Of bytes, half get through. */
  | { kind: 'drop'; when: 'before' | 'after' }
  /** It is done, but the answer is no JSON: the error page of a proxy. */
  | { kind: 'garbled' }
  /** There is no such model: it can't be looked at, nor called. */
  | { kind: 'dead' }
  /** The prediction is created and never ends by itself within its 30 minutes. */
  | { kind: 'stall' }
  /** It stays `starting` this long: a cold start, a long queue. */
  | { kind: 'queue'; seconds: number }
  /** It takes this many times longer. */
  | { kind: 'slow'; factor: number }
  /** It succeeds with a null output. */
  | { kind: 'empty' }
  /** It succeeds with an output that is broken. */
  | { kind: 'corrupt'; how: Corruption }
  /** A create with `Prefer: wait` is answered at once, `processing` with a null output. */
  | { kind: 'early' }

export interface FaultRule {
  /** `*`, `owner/*` or `owner/name`. */
  target: string
  /** Which requests it looks at. */
  on: readonly Occasion[]
  fault: Fault
  /** The share of requests that it strikes, 0 to 1. */
  rate: number
  /** Strikes at most this often for one model and input (`get` and the like: one prediction). */
  times: number | undefined
  /** Strikes only when more than this many creates of the target were let through in a minute. */
  limit: number | undefined
  /** Since the sandbox's start. */
  fromMs: number
  untilMs: number
}

export function ruleCovers(rule: FaultRule, model: string): boolean {
  if (rule.target === '*' || rule.target === model) return true
  return rule.target.endsWith('/*') && model.startsWith(rule.target.slice(0, -1))
}
