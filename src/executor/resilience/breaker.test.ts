import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BreakerPolicy } from '../../domain/definition.ts'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { type Breaker, createBreaker, type Permit } from './breaker.ts'

const policy: BreakerPolicy = {
  failure_threshold: 3,
  window_ms: 10_000,
  cooldown_ms: 5_000,
  half_open_probes: 1,
  success_threshold: 1,
}

function fail(breaker: Breaker, times = 1): void {
  for (let n = 0; n < times; n += 1) breaker.enter()?.failed()
}

test('A breaker opens after so many failures within its window, and refuses calls until the cooldown is over', async () => {
  const clock = virtualClock()
  const breaker = createBreaker(policy, clock)
  fail(breaker, 2)
  expect(breaker.state()).toBe('closed')
  fail(breaker)
  expect(breaker.state()).toBe('open')
  expect(breaker.enter()).toBeUndefined()
  expect(breaker.opensIn()).toBe(5_000)
  await clock.advance(5_000)
  expect(breaker.state()).toBe('half_open')
  expect(breaker.isOpen()).toBe(false)
})

test('Failures that are older than the window are forgotten', async () => {
  const clock = virtualClock()
  const breaker = createBreaker(policy, clock)
  fail(breaker, 2)
  await clock.advance(10_000)
  fail(breaker, 2)
  expect(breaker.state()).toBe('closed')
})

test('Half-open, only so many probes go at once, and enough successes close it', async () => {
  const clock = virtualClock()
  const breaker = createBreaker({ ...policy, half_open_probes: 2, success_threshold: 3 }, clock)
  fail(breaker, 3)
  await clock.advance(5_000)
  const [first, second] = [breaker.enter(), breaker.enter()]
  expect(breaker.enter()).toBeUndefined()
  first?.succeeded()
  second?.succeeded()
  expect(breaker.state()).toBe('half_open')
  breaker.enter()?.succeeded()
  expect(breaker.state()).toBe('closed')
})

test('A probe that fails opens it again for a whole cooldown, one that was called off gives its place back', async () => {
  const clock = virtualClock()
  const breaker = createBreaker(policy, clock)
  fail(breaker, 3)
  await clock.advance(5_000)
  breaker.enter()?.dropped()
  expect(breaker.state()).toBe('half_open')
  fail(breaker)
  expect(breaker.state()).toBe('open')
  expect(breaker.opensIn()).toBe(5_000)
})

test('What comes of calls of an older episode is ignored', async () => {
  const clock = virtualClock()
  const breaker = createBreaker(policy, clock)
  const late = [breaker.enter(), breaker.enter()]
  fail(breaker, 3)
  late[0]?.succeeded()
  expect(breaker.state()).toBe('open')
  await clock.advance(5_000)
  breaker.enter()?.succeeded()
  late[1]?.failed()
  fail(breaker, 2)
  expect(breaker.state()).toBe('closed')
})

test('Whatever happens, reading changes nothing, and no more probes are on their way than allowed', async () => {
  const steps = fc.array(fc.oneof(fc.constantFrom('enter', 'succeeded', 'failed', 'dropped'), fc.nat(8_000)))
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async (moves, probes) => {
      const clock = virtualClock()
      const breaker = createBreaker({ ...policy, half_open_probes: probes }, clock)
      let taken: { permit: Permit; probe: boolean }[] = []
      for (const move of moves) {
        const before = breaker.state()
        const probing = taken.filter(({ probe }) => probe).length
        breaker.isOpen()
        breaker.opensIn()
        expect(breaker.state()).toBe(before)
        if (typeof move === 'number') await clock.advance(move)
        else if (move === 'enter') {
          const permit = breaker.enter()
          expect(permit === undefined).toBe(before === 'open' || (before === 'half_open' && probing >= probes))
          if (permit) taken.push({ permit, probe: before === 'half_open' })
        } else taken.shift()?.permit[move]()
        // The end of an episode: what is still on its way no longer counts.
        if (before === 'half_open' && breaker.state() !== 'half_open')
          taken = taken.map((one) => ({ ...one, probe: false }))
      }
    }),
    { numRuns: 300 },
  )
})
