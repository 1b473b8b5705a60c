import { describe, expect, it } from 'vitest'
import { rateLimitOf } from '../../../domain/rate-limit.ts'
import { createMemoryCells } from '../../../std/cells.ts'
import type { Candidate } from '../../../targets/target.ts'
import { virtualClock } from '../../../testing/virtual-clock.ts'
import { createCallLimits, type LimitSettings } from './call-limits.ts'

const { signal } = new AbortController()
const need = { usd: 0, tokens: 0 }
const candidate = (more: Partial<Candidate> = {}): Candidate => ({
  ...{ name: 'writer', target: 'replicate', model: 'a/b', deployment: false, defaults: {} },
  ...more,
})

function rig(settings: Partial<LimitSettings> = {}) {
  const clock = virtualClock()
  const cells = createMemoryCells()
  const limits = createCallLimits(
    { providers: {}, models: {}, ...settings },
    { cells: async () => cells, clock, process: 'this' },
  )
  return { clock, cells, limits }
}

describe('The limits of a call', () => {
  it('are none where nobody says any', () => {
    expect(rig().limits.of(candidate())).toBeUndefined()
    expect(rig({ models: { 'other/one': { rate: rateLimitOf(2) } } }).limits.of(candidate())).toBeUndefined()
    expect(
      rig({ providers: { replicate: { requests: rateLimitOf(2), key: 'k' } } }).limits.of(candidate()),
    ).toBeUndefined()
  })

  it('are its agent’s, its model’s (whatever version), and its provider’s', async () => {
    const { limits, cells } = rig({
      providers: { replicate: { rate: rateLimitOf(600), key: '1234' } },
      models: { 'a/b': { tokens: rateLimitOf(1_000) } },
    })
    const gate = limits.of(candidate({ model: 'a/b:5c7d', limits: { usd: rateLimitOf(10) } }))
    expect(gate?.counts).toEqual({ usd: true, tokens: true })
    await gate?.take({ usd: 0.1, tokens: 10 }, signal)
    expect([...cells.list('limit/').keys()]).toEqual([
      expect.stringMatching(/^limit\/agent\/writer\/[0-9a-f]{8}\/dollars$/),
      'limit/model/a%2Fb/1234/tokens',
      'limit/provider/replicate/1234/calls',
    ])
  })

  it('are kept by name: two agents do not wait for each other, and neither do two of one name with other limits', async () => {
    const { limits, clock } = rig()
    const one = { limits: { rate: { per_minute: 1, burst: 1 } } }
    await limits.of(candidate(one))?.take(need, signal)
    await limits.of(candidate({ ...one, name: 'other' }))?.take(need, signal)
    await limits.of(candidate({ limits: { rate: { per_minute: 2, burst: 1 } } }))?.take(need, signal)
    expect(clock.monotonic()).toBe(0)
    const again = limits.of(candidate(one))?.take(need, signal)
    await clock.runAll()
    await again
    expect(clock.monotonic()).toBe(60_000)
  })

  it('take what a call may cost, and give back what it did not', async () => {
    const { limits, clock } = rig()
    const gate = limits.of(candidate({ limits: { usd: { per_minute: 1, burst: 1 } } }))
    const used = await gate?.take({ usd: 0.9, tokens: undefined }, signal)
    used?.({ usd: 0.1 })
    await clock.advance(0)
    await gate?.take({ usd: 0.9, tokens: undefined }, signal)
    expect(clock.monotonic()).toBe(0)
    // Of which nobody knows what it cost: it stays as it was.
    const unknown = await Promise.all([gate?.take({ usd: 0.5, tokens: undefined }, signal), clock.runAll()])
    unknown[0]?.({ usd: null })
    expect(clock.monotonic()).toBe(30_000)
    await expect(gate?.take({ usd: undefined, tokens: undefined }, signal)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining('`usd_per_minute` of agent "writer"'),
    })
  })

  it('wait for tokens that were really used', async () => {
    const { limits, clock } = rig({ models: { 'a/b': { tokens: { per_minute: 600, burst: 100 } } } })
    const gate = limits.of(candidate())
    const used = await gate?.take({ usd: undefined, tokens: 50 }, signal)
    used?.({ usd: null, tokens: 150 })
    await Promise.all([gate?.take({ usd: undefined, tokens: 50 }, signal), clock.runAll()])
    expect(clock.monotonic()).toBe(10_000)
  })

  it('pause the provider for all when it refuses', async () => {
    const { limits, clock } = rig({ providers: { replicate: { rate: { per_minute: 600, burst: 10 } } } })
    await limits.of(candidate())?.pause(5_000)
    await Promise.all([limits.of(candidate({ name: 'other' }))?.take(need, signal), clock.runAll()])
    expect(clock.monotonic()).toBe(5_100)
  })

  it('of one that was refused a place give back those that it had', async () => {
    const { limits } = rig({ providers: { replicate: { bulkhead: { max_concurrent: 1, max_queue: 0 } } } })
    const own = { bulkhead: { max_concurrent: 1, max_queue: 0 } }
    const leave = await limits.of(candidate({ name: 'other' }))?.enter(signal)
    const gate = limits.of(candidate(own))
    await expect(gate?.enter(signal)).rejects.toThrow('the bulkhead of Replicate is full')
    leave?.()
    await gate?.enter(signal)
  })

  it('hold other requests of a provider back, and are paused by a refusal', async () => {
    const { limits, clock } = rig({ providers: { replicate: { requests: { per_minute: 60, burst: 1 } } } })
    const requests = limits.requests('replicate')
    await requests?.take(signal)
    await Promise.all([requests?.take(signal), clock.runAll()])
    expect(clock.monotonic()).toBe(1_000)
    requests?.pause(10_000)
    await Promise.all([requests?.take(signal), clock.runAll()])
    expect(clock.monotonic()).toBe(12_000)
    expect(limits.requests('function')).toBeUndefined()
  })
})

describe('A limit of so many in a minute', () => {
  it.each([
    [600, undefined, { per_minute: 540, burst: 60 }],
    [2, undefined, { per_minute: 1, burst: 1 }],
    [100, 99, { per_minute: 1, burst: 99 }],
  ])('of %d with a burst of %s never lets more go in any minute', (perMinute, burst, kept) => {
    expect(rateLimitOf(perMinute, burst)).toEqual(kept)
    expect(kept.per_minute + kept.burst).toBe(perMinute)
  })
})
