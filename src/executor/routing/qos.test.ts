import { describe, expect, it } from 'vitest'
import type { QosPolicy } from '../../domain/routing.ts'
import { type Known, qualify } from './qos.ts'

const known = (more: Partial<Known> = {}): Known => ({
  ...{
    calls: 10,
    quality: { mean: 0.8, observations: 10 },
    cost_usd: 0.01,
    latency_ms: 1_000,
    timed: 10,
    barred: undefined,
  },
  ...more,
})
const fresh = known({ calls: 0, quality: { mean: null, observations: 0 }, latency_ms: null, timed: 0 })
const removed = (policy: QosPolicy, candidate: Known) =>
  qualify(policy, [candidate, known()], () => false)[0]?.removed_by

describe('a quality of service', () => {
  it.each<[QosPolicy, Partial<Known>, string | undefined]>([
    [{ latency_cap_ms: 1_000 }, {}, undefined],
    [{ latency_cap_ms: 999 }, {}, 'latency_cap_ms 999 < 1000'],
    [{ cost_cap_usd: 0.01 }, {}, undefined],
    [{ cost_cap_usd: 0.005 }, {}, 'cost_cap_usd 0.005 < 0.01'],
    [{ cost_cap_usd: 0.005 }, { cost_usd: null }, 'cost_cap_usd 0.005 < unknown'],
    [{ quality_floor: 0.8 }, {}, undefined],
    [{ quality_floor: 0.9 }, {}, 'quality_floor 0.9 > 0.8'],
    [{ tier: 'FAST' }, { latency_ms: 1_999 }, undefined],
    [{ tier: 'FAST' }, { latency_ms: 2_000 }, 'latency_cap_ms 2000 of FAST <= 2000'],
    [{ tier: 'FAST' }, { quality: { mean: 0.4, observations: 9 } }, 'quality_floor 0.5 of FAST > 0.4'],
    [{ tier: 'BALANCED' }, { latency_ms: 4_999 }, undefined],
    [{ tier: 'BALANCED' }, { latency_ms: 5_000 }, 'latency_cap_ms 5000 of BALANCED <= 5000'],
    [{ tier: 'BALANCED' }, { cost_usd: 0.05 }, 'cost_cap_usd 0.05 of BALANCED <= 0.05'],
    [{ tier: 'QUALITY' }, {}, 'quality_floor 0.9 of QUALITY > 0.8'],
    [{ tier: 'QUALITY' }, { quality: { mean: 0.9, observations: 9 }, latency_ms: 60_000 }, undefined],
    [
      { tier: 'QUALITY' },
      { quality: { mean: 1, observations: 9 }, cost_usd: 0.1 },
      'cost_cap_usd 0.1 of QUALITY <= 0.1',
    ],
    [{ tier: 'FAST', latency_cap_ms: 3_000 }, { latency_ms: 3_000 }, undefined],
    [{}, { barred: 'circuit breaker open' }, 'circuit breaker open'],
  ])('%j of %j removes by %j', (policy, more, reason) => expect(removed(policy, known(more))).toBe(reason))

  it('lets a model of too few observations pass in a share of calls only, while a known one passes', () => {
    const policy: QosPolicy = { tier: 'FAST' }
    expect(qualify(policy, [fresh, known()], () => true)).toEqual([{ exploring: true }, {}])
    expect(qualify(policy, [fresh, known()], () => false)).toEqual([
      { removed_by: 'latency_cap_ms 2000 of FAST: known from 0 of 3 calls' },
      {},
    ])
  })

  it('asks for no exploring where nothing is in doubt', () => {
    const never = () => expect.unreachable()
    expect(qualify({ tier: 'FAST' }, [known(), known({ latency_ms: 3_000 })], never)).toMatchObject([
      {},
      { removed_by: expect.any(String) },
    ])
    expect(qualify(undefined, [fresh], never)).toEqual([{}])
  })

  it('lets all pass that are not known while none is known to fit: somebody has to find out', () => {
    const bad = known({ latency_ms: 9_000 })
    expect(qualify({ tier: 'FAST' }, [fresh, fresh], () => false)).toEqual([{ exploring: true }, { exploring: true }])
    expect(qualify({ tier: 'FAST' }, [bad, fresh], () => false)).toMatchObject([
      { removed_by: expect.any(String) },
      { exploring: true },
    ])
  })

  it('never lets in what is known to be too dear, however new it is', () => {
    expect(qualify({ cost_cap_usd: 0.005 }, [fresh, known()], () => true)).toMatchObject([
      { removed_by: 'cost_cap_usd 0.005 < 0.01' },
      { removed_by: 'cost_cap_usd 0.005 < 0.01' },
    ])
  })

  it('holds nobody to a floor by fewer than three scores', () => {
    const scored = known({ quality: { mean: 0.1, observations: 2 } })
    expect(qualify({ quality_floor: 0.5 }, [scored, known()], () => true)[0]).toEqual({ exploring: true })
  })
})
