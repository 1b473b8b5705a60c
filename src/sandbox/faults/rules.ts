/** The failure-injection grammar: `TARGET:CLAUSE[:CLAUSE…]`, for instance `owner/name:0.3` or `*:429=2:times=3`. */
import { UsageError } from '../../domain/errors.ts'

/** What goes wrong. */
export type Fault =
  /** The prediction is created and ends `failed` with this error. */
  | { kind: 'failed'; error: string }
  /** The request is answered with this status; nothing is created. */
  | { kind: 'status'; status: number; retryAfterS: number | undefined }
  /** The connection is cut; `after`: the prediction was created, but its answer is lost. */
  | { kind: 'drop'; when: 'before' | 'after' }
  /** The prediction is created and never ends by itself within its 30 minutes. */
  | { kind: 'stall' }
  /** It stays `starting` this long: a cold start, a long queue. */
  | { kind: 'queue'; seconds: number }
  /** It takes this many times longer. */
  | { kind: 'slow'; factor: number }
  /** It succeeds with a null output. */
  | { kind: 'empty' }
  /** A create with `Prefer: wait` is answered at once, `processing` with a null output. */
  | { kind: 'early' }

export interface FaultRule {
  written: string
  /** `*`, `owner/*` or `owner/name`. */
  target: string
  /** Which requests it looks at. */
  on: 'create' | 'get'
  fault: Fault
  probability: number
  /** Strikes at most this often for one model and input (`get`: one prediction). */
  times: number | undefined
  /** Strikes only when more than this many creates of the target were let through in a minute. */
  limit: number | undefined
}

const faultHint =
  "write 'TARGET:CLAUSE:…', where TARGET is '*', 'owner/*' or 'owner/name' and a CLAUSE is a probability such as 0.3, " +
  'failed, error=TEXT, status=500, 429, 429=SECONDS, drop, lost, stall, queue=SECONDS, slow=FACTOR, empty, early, times=N, limit=N, on=get'

/** Throws UsageError with the grammar as its hint. */
export function parseFaultRule(written: string): FaultRule {
  const [target = '', ...clauses] = written.trim().split(':')
  if (!/^(\*|[\w.-]+\/(\*|[\w.-]+))$/.test(target) || clauses.length === 0) throw bad(written)
  const rule: FaultRule = {
    written,
    target,
    on: 'create',
    fault: { kind: 'failed', error: 'E1000: Prediction failed (injected by the sandbox)' },
    probability: 1,
    times: undefined,
    limit: undefined,
  }
  for (const clause of clauses) applyClause(rule, clause.trim())
  if (rule.on === 'get' && rule.fault.kind !== 'status' && rule.fault.kind !== 'drop') {
    throw bad(written, 'on=get takes status=…, 429 or drop')
  }
  return rule
}

export function ruleCovers(rule: FaultRule, model: string): boolean {
  if (rule.target === '*' || rule.target === model) return true
  return rule.target.endsWith('/*') && model.startsWith(rule.target.slice(0, -1))
}

function applyClause(rule: FaultRule, clause: string): void {
  if (/^(0?\.\d+|0|1|1\.0+|0\.\d+)$/.test(clause)) {
    rule.probability = Number(clause)
    return
  }
  const equals = clause.indexOf('=')
  const key = equals < 0 ? clause : clause.slice(0, equals)
  const value = equals < 0 ? undefined : clause.slice(equals + 1)
  const apply = clauseReaders[key]
  if (!apply || !apply(rule, value)) throw bad(rule.written, `'${clause}' is not understood`)
}

/** Each reads its value into the rule, or says false. */
const clauseReaders: Record<string, (rule: FaultRule, value: string | undefined) => boolean> = {
  failed: (rule, value) => value === undefined && setFault(rule, rule.fault),
  error: (rule, value) => !!value && setFault(rule, { kind: 'failed', error: value }),
  status: (rule, value) => {
    const status = count(value)
    if (status === undefined || status < 400 || status > 599) return false
    return setFault(rule, { kind: 'status', status, retryAfterS: status === 429 ? 1 : undefined })
  },
  429: (rule, value) => {
    const seconds = value === undefined ? 1 : count(value)
    return seconds !== undefined && setFault(rule, { kind: 'status', status: 429, retryAfterS: seconds })
  },
  503: (rule, value) => {
    const seconds = value === undefined ? undefined : count(value)
    if (value !== undefined && seconds === undefined) return false
    return setFault(rule, { kind: 'status', status: 503, retryAfterS: seconds })
  },
  drop: (rule, value) => value === undefined && setFault(rule, { kind: 'drop', when: 'before' }),
  lost: (rule, value) => value === undefined && setFault(rule, { kind: 'drop', when: 'after' }),
  stall: (rule, value) => value === undefined && setFault(rule, { kind: 'stall' }),
  empty: (rule, value) => value === undefined && setFault(rule, { kind: 'empty' }),
  early: (rule, value) => value === undefined && setFault(rule, { kind: 'early' }),
  slow: (rule, value) => {
    const factor = Number(value)
    return factor > 0 && factor <= 1000 && setFault(rule, { kind: 'slow', factor })
  },
  queue: (rule, value) => {
    const seconds = count(value)
    return seconds !== undefined && setFault(rule, { kind: 'queue', seconds })
  },
  times: (rule, value) => (rule.times = count(value)) !== undefined,
  limit: (rule, value) => {
    rule.limit = count(value)
    return rule.limit !== undefined && setFault(rule, { kind: 'status', status: 429, retryAfterS: undefined })
  },
  on: (rule, value) => {
    if (value !== 'get' && value !== 'create') return false
    rule.on = value
    return true
  },
}

function setFault(rule: FaultRule, fault: Fault): true {
  rule.fault = fault
  return true
}

function count(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : undefined
}

function bad(written: string, why?: string): UsageError {
  return new UsageError(`'${written}' is no failure rule${why ? `: ${why}` : ''}`, { hint: faultHint })
}
