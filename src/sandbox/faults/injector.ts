/** Decides which fault strikes a request; the draw depends on the seed, the rule, the request and how often it was asked. */
import type { Clock } from '../../std/clock.ts'
import { sha256 } from '../../std/hash.ts'
import { type Fault, type FaultRule, type Occasion, ruleCovers } from './fault.ts'

export interface Injector {
  /** Whether any rule looks at such requests. */
  watches(on: Occasion): boolean
  /**
   * `key` names what is asked for, the same in every process: the hash of an input, the name of a file. `id` tells apart
   * several of it, whose names are random: the prediction.
   */
  strike(on: Occasion, model: string, key: string, id?: string): Fault | undefined
}

const noFaults: Injector = { watches: () => false, strike: () => undefined }

interface NamedRule extends FaultRule {
  /** What it says, however it was written: draws depend on it. */
  name: string
}

export function createInjector(given: readonly FaultRule[], options: { seed: number; clock: Clock }): Injector {
  if (given.length === 0) return noFaults
  const rules = named(given)
  const startedAt = options.clock.monotonic()
  const asked = new Map<string, { asked: number; struck: number }>()
  const buckets = new Map<FaultRule, { tokens: number; at: number }>()
  const places = new Map<string, number>()
  const seen = new Map<string, number>()

  /** Which of those with the same name this one is, by who was asked for first: they are as good as each other. */
  function placeOf(id: string, model: string, key: string): number {
    const known = places.get(id)
    if (known !== undefined) return known
    const place = seen.get(`${model} ${key}`) ?? 0
    seen.set(`${model} ${key}`, place + 1)
    places.set(id, place)
    return place
  }

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

  /** Whether the draw, and what is left of `times`, lets the rule strike. */
  function isDrawn(rule: NamedRule, request: string): boolean {
    const name = `${rule.name} ${request}`
    const counts = asked.get(name) ?? { asked: 0, struck: 0 }
    asked.set(name, counts)
    counts.asked += 1
    if (rule.times !== undefined && counts.struck >= rule.times) return false
    const draw = Number.parseInt(sha256(`${options.seed} ${name} ${counts.asked}`).slice(0, 8), 16) / 0x1_0000_0000
    if (draw >= rule.rate) return false
    counts.struck += 1
    return true
  }

  function strikes(rule: NamedRule, request: string): Fault | undefined {
    const since = options.clock.monotonic() - startedAt
    if (since < rule.fromMs || since >= rule.untilMs) return undefined
    const { fault, limit } = rule
    if (limit === undefined) return isDrawn(rule, request) ? fault : undefined
    const wait = secondsUntilToken(rule, limit)
    if (wait === 0 || !isDrawn(rule, request)) return undefined
    const asks = fault.kind === 'status' ? fault.retryAfterS : undefined
    return { kind: 'status', status: 429, retryAfterS: asks ?? wait }
  }

  const watched = new Set(rules.flatMap((rule) => rule.on))
  return {
    watches: (on) => watched.has(on),
    strike(on, model, key, id) {
      if (!watched.has(on)) return undefined
      const request = `${on} ${model} ${key}${id === undefined ? '' : ` ${placeOf(id, model, key)}`}`
      for (const rule of rules) {
        if (!rule.on.includes(on) || !ruleCovers(rule, model)) continue
        const fault = strikes(rule, request)
        if (fault) return fault
      }
      return undefined
    },
  }
}

/** Two rules that say the same count each for itself. */
function named(rules: readonly FaultRule[]): NamedRule[] {
  const times = new Map<string, number>()
  return rules.map((rule) => {
    const said = JSON.stringify(rule)
    const before = times.get(said) ?? 0
    times.set(said, before + 1)
    return { ...rule, name: `${said}${before === 0 ? '' : ` ${before}`}` }
  })
}
