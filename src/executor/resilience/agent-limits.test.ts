import { describe, expect, it } from 'vitest'
import { rateLimitOf } from '../../domain/rate-limit.ts'
import { systemClock } from '../../std/clock.ts'
import type { Candidate } from '../../targets/target.ts'
import { createAgentGates } from './agent-limits.ts'

const candidate = (limits: Candidate['limits'], name = 'writer'): Candidate => ({
  ...{ name, target: 'replicate', model: 'a/b', deployment: false, defaults: {} },
  ...(limits && { limits }),
})
const { signal } = new AbortController()

describe('The limits of an agent', () => {
  it('are none for an agent that has none', () => {
    expect(createAgentGates(systemClock).of(candidate(undefined))).toBeUndefined()
  })

  it('let so many calls be under way, and the others in the order of asking', async () => {
    const gates = createAgentGates(systemClock)
    const enter = () => gates.of(candidate({ max_concurrency: 2 }))?.enter(signal)
    const order: number[] = []
    const [first] = await Promise.all([enter(), enter()])
    const third = enter()?.then((leave) => (order.push(3), leave))
    const fourth = enter()?.then((leave) => (order.push(4), leave))
    expect(order).toEqual([])
    first?.()
    const leave = await third
    expect(order).toEqual([3])
    leave?.()
    await fourth
    expect(order).toEqual([3, 4])
  })

  it('are kept by name: two agents do not wait for each other, and neither do two of one name with other limits', async () => {
    const gates = createAgentGates(systemClock)
    await gates.of(candidate({ max_concurrency: 1 }))?.enter(signal)
    await gates.of(candidate({ max_concurrency: 1 }, 'other'))?.enter(signal)
    await gates.of(candidate({ max_concurrency: 3 }))?.enter(signal)
  })

  it('let nobody in who was called off, and give the place to the next', async () => {
    const gates = createAgentGates(systemClock)
    const gate = gates.of(candidate({ max_concurrency: 1, rate: rateLimitOf(600) }))
    const leave = await gate?.enter(signal)
    const off = new AbortController()
    const second = gate?.enter(off.signal)
    const third = gate?.enter(signal)
    off.abort(new Error('off'))
    await expect(second).rejects.toThrow('off')
    await expect(gate?.enter(off.signal)).rejects.toThrow('off')
    leave?.()
    await third
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
