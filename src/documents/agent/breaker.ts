/** Circuit breakers as written → as kept. */
import { type BreakerCriterion, type BreakerPolicy, defaultBreaker } from '../../domain/breaker.ts'
import { defined } from '../../std/defined.ts'
import type { BreakerSpec } from './breaker-spec.ts'

/** What is written, over what holds otherwise (undefined: it is off). Undefined: it is off. */
export function breakerOver(
  under: BreakerPolicy | undefined,
  written: BreakerSpec | undefined,
): BreakerPolicy | undefined {
  if (written === undefined) return under
  if (written === false) return undefined
  if (written === true) return under ?? defaultBreaker
  return { ...(under ?? defaultBreaker), ...writtenPolicy(written) }
}

/** What is written, as it is kept, and nothing else. */
export function writtenPolicy(written: Exclude<BreakerSpec, boolean>): Partial<BreakerPolicy> {
  const { window_seconds, cooldown_seconds, slow_call_seconds, ramp_seconds, fallback_agent: _, ...same } = written
  const times = {
    window_ms: milliseconds(window_seconds),
    cooldown_ms: milliseconds(cooldown_seconds),
    slow_call_ms: milliseconds(slow_call_seconds),
    ramp_ms: milliseconds(ramp_seconds),
  }
  return { ...defined(same), ...defined(times) }
}

/** As it would be written. */
export function policyAsWritten(policy: Partial<BreakerPolicy>): Exclude<BreakerSpec, boolean> {
  const { window_ms, cooldown_ms, slow_call_ms, ramp_ms, ...same } = policy
  const seconds = (ms: number | undefined) => (ms === undefined ? undefined : ms / 1_000)
  return defined({
    ...same,
    window_seconds: seconds(window_ms),
    cooldown_seconds: seconds(cooldown_ms),
    slow_call_seconds: seconds(slow_call_ms),
    ramp_seconds: seconds(ramp_ms),
  })
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1_000
}

/** Keys that only some criteria read; what slow calls are is read by all. */
const readers: Partial<Record<string, readonly BreakerCriterion[]>> = {
  failure_threshold: ['failures', 'consecutive'],
  window_seconds: ['failures', 'sampling'],
  failure_rate: ['count', 'sampling'],
  minimum_calls: ['count', 'sampling'],
  window_calls: ['count'],
  slow_call_rate: ['count', 'sampling'],
}

/** What of a breaker changes nothing, each in words: `criteria` are those that will read it, `held` what holds for one agent. */
export function unreadBreakerKeys(
  written: BreakerSpec | undefined,
  criteria: readonly BreakerCriterion[],
  held?: BreakerPolicy,
): { key: string; why: string; hint: string }[] {
  if (typeof written !== 'object') return []
  return Object.keys(written).flatMap((key) => unread(key, criteria, held) ?? [])
}

function unread(key: string, criteria: readonly BreakerCriterion[], held: BreakerPolicy | undefined) {
  const by = readers[key]
  if (by && !by.some((each) => criteria.includes(each))) {
    const why = `\`${key}\` is of ${by.join(' and ')}, and the criterion here is ${criteria.join(', ')}`
    return { key, why, hint: 'leave it out, or name another `criterion`' }
  }
  if (key === 'slow_call_rate' && held && held.slow_call_ms === undefined) {
    const why = '`slow_call_rate` changes nothing without `slow_call_seconds`'
    return { key, why, hint: 'say which calls are slow, as in `slow_call_seconds: 20`' }
  }
  if (key === 'minimum_calls' && held?.criterion === 'count' && held.minimum_calls > held.window_calls) {
    const why = `\`minimum_calls\` is more than the ${held.window_calls} of \`window_calls\`, and counts as these`
    return { key, why, hint: 'raise `window_calls`' }
  }
  return undefined
}
