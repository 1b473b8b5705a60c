import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RetryPolicy } from '../../../domain/definition.ts'
import { seededRandom } from '../../../std/random.ts'
import { backoffDelay } from './retry.ts'

const policies: fc.Arbitrary<RetryPolicy> = fc.record({
  attempts: fc.constant(9),
  base_delay_ms: fc.integer({ min: 0, max: 5_000 }),
  max_delay_ms: fc.integer({ min: 0, max: 60_000 }),
  jitter: fc.constantFrom<RetryPolicy['jitter'][]>('full', 'equal', 'decorrelated', 'none'),
  on: fc.constant<RetryPolicy['on']>([]),
})
const backoffs = fc.record({
  failures: fc.integer({ min: 1, max: 2_000 }),
  previous_ms: fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
  retry_after_ms: fc.option(fc.integer({ min: 0, max: 3_600_000 }), { nil: undefined }),
})

describe('back-off', () => {
  it('stays within the policy, and is never sooner than the server asked for', () => {
    fc.assert(
      fc.property(policies, backoffs, fc.nat(), (policy, backoff, seed) => {
        const delay = backoffDelay(policy, backoff, seededRandom(seed))
        expect(delay).toBeGreaterThanOrEqual(backoff.retry_after_ms ?? 0)
        expect(delay).toBeLessThanOrEqual(Math.max(policy.max_delay_ms, backoff.retry_after_ms ?? 0))
      }),
    )
  })

  it('follows its jitter between its bounds', () => {
    const bounds = (policy: RetryPolicy, failures: number): [number, number] => {
      const upper = Math.min(policy.max_delay_ms, policy.base_delay_ms * 2 ** (failures - 1))
      return policy.jitter === 'none' ? [upper, upper] : policy.jitter === 'equal' ? [upper / 2, upper] : [0, upper]
    }
    fc.assert(
      fc.property(policies, fc.integer({ min: 1, max: 20 }), fc.nat(), (policy, failures, seed) => {
        fc.pre(policy.jitter !== 'decorrelated')
        const backoff = { failures, previous_ms: undefined, retry_after_ms: undefined }
        const delay = backoffDelay(policy, backoff, seededRandom(seed))
        const [lower, upper] = bounds(policy, failures)
        expect(delay).toBeGreaterThanOrEqual(lower)
        expect(delay).toBeLessThanOrEqual(upper)
      }),
    )
  })

  it('grows from the delay before when decorrelated, between base and three times that', () => {
    const policy: RetryPolicy = {
      attempts: 3,
      base_delay_ms: 100,
      max_delay_ms: 10_000,
      jitter: 'decorrelated',
      on: [],
    }
    const at = (previous_ms: number, random: number) =>
      backoffDelay(policy, { failures: 2, previous_ms, retry_after_ms: undefined }, () => random)
    expect(at(1_000, 0)).toBe(100)
    expect(at(1_000, 0.999_999)).toBeCloseTo(3_000, 0)
    expect(at(10, 0.5)).toBe(100)
  })
})
