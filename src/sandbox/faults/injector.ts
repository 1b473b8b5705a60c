/** Decides which fault strikes a request; the draw depends on the seed, the rule, the request and how often it was asked. */
import type { Clock } from '../../std/clock.ts'
import { sha256 } from '../../std/hash.ts'
import { type Fault, type FaultRule, parseFaultRule, ruleCovers } from './rules.ts'

export interface Injector {
  /** `key` names the request: a hash of the input for a create, the prediction's id for a get. */
  strike(on: FaultRule['on'], model: string, key: string): Fault | undefined
}

const noFaults: Injector = { strike: () => undefined }

/** Throws UsageError for a rule that can't be read. */
export function createInjector(written: readonly string[], options: { seed: number; clock: Clock }): Injector {
  if (written.length === 0) return noFaults
  const rules = written.map(parseFaultRule)
  const asked = new Map<string, { asked: number; struck: number }>()
  const buckets = new Map<FaultRule, { tokens: number; at: number }>()

  /** A bucket of `limit` tokens that refills within a minute; says for how many seconds it is empty. */
  function secondsUntilToken(rule: FaultRule, limit: number): number {
    const now = options.clock.monotonic()
    const bucket = buckets.get(rule) ?? { tokens: limit, at: now }
    buckets.set(rule, bucket)
    bucket.tokens = Math.min(limit, bucket.tokens + ((now - bucket.at) * limit) / 60_000)
    bucket.at = now
    if (bucket.tokens < 1) return limit === 0 ? 60 : Math.ceil(((1 - bucket.tokens) * 60) / limit)
    bucket.tokens -= 1
    return 0
  }

  function strikes(rule: FaultRule, model: string, key: string): Fault | undefined {
    if (rule.limit !== undefined) {
      const wait = secondsUntilToken(rule, rule.limit)
      return wait > 0 ? { kind: 'status', status: 429, retryAfterS: wait } : undefined
    }
    const name = `${rule.written} ${model} ${key}`
    const counts = asked.get(name) ?? { asked: 0, struck: 0 }
    asked.set(name, counts)
    counts.asked += 1
    if (rule.times !== undefined && counts.struck >= rule.times) return undefined
    const draw = Number.parseInt(sha256(`${options.seed} ${name} ${counts.asked}`).slice(0, 8), 16) / 0x1_0000_0000
    if (draw >= rule.probability) return undefined
    counts.struck += 1
    return rule.fault
  }

  return {
    strike(on, model, key) {
      for (const rule of rules) {
        if (rule.on !== on || !ruleCovers(rule, model)) continue
        const fault = strikes(rule, model, key)
        if (fault) return fault
      }
      return undefined
    },
  }
}
