/**
 * The breaker against cockatiel's, where both mean the same: calls one after the other, a single probe. They differ:
 *
 * - cockatiel opens when more than its threshold fails, this one when as much does: its threshold is set a hair lower;
 * - the success that closes cockatiel's count and sampling breakers is the first call of the new window; here the window
 *   begins empty: one more success is counted;
 * - cockatiel's sampling takes one tenth (or so) of its window away at the next call, however long that was; here what is
 *   older than the window is gone. So no time passes here while it is closed;
 * - it has no `failures` within a time, no several probes with a threshold, no slow calls, no ramp; calls that are made
 *   while its probe is on its way wait for that; here they are refused. Nothing of that can be compared.
 */
import {
  BrokenCircuitError,
  circuitBreaker,
  ConsecutiveBreaker,
  CountBreaker,
  handleAll,
  type IBreaker,
  SamplingBreaker,
} from 'cockatiel'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type BreakerPolicy, defaultBreaker } from '../../../domain/breaker.ts'
import { createMemoryCells } from '../../../std/cells.ts'
import { virtualClock } from '../../../testing/virtual-clock.ts'
import { createBreaker } from './breaker.ts'

// It reads the time from nowhere else.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

const hair = 1e-9
const cooldown_ms = 5_000
const steps = fc.array(fc.constantFrom('succeeds', 'fails', 'fails', 'passes'), { maxLength: 80 })

async function compare(
  policy: BreakerPolicy,
  theirs: IBreaker,
  moves: readonly string[],
  countsTheCloser: boolean,
): Promise<void> {
  const clock = virtualClock()
  const ours = createBreaker('model:a', createMemoryCells(), clock)
  const other = circuitBreaker(handleAll, { halfOpenAfter: cooldown_ms, breaker: theirs })
  for (const move of moves) {
    vi.setSystemTime(clock.now())
    if (move === 'passes') {
      if (ours.why() !== undefined) await clock.advance(cooldown_ms / 2)
      continue
    }
    const verdict = move === 'succeeds' ? 'succeeded' : 'failed'
    const permit = await ours.enter(policy)
    const change = await permit?.ended({ verdict })
    if (countsTheCloser && change?.state === 'closed') await (await ours.enter(policy))?.ended({ verdict })
    const refused = await other
      .execute(() => {
        if (verdict === 'failed') throw new Error('down')
      })
      .then(
        () => false,
        (error: unknown) => error instanceof BrokenCircuitError,
      )
    expect(permit === undefined).toBe(refused)
  }
}

test('`consecutive` opens and closes when cockatiel does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), steps, (failure_threshold, moves) => {
      const policy: BreakerPolicy = { ...defaultBreaker, criterion: 'consecutive', failure_threshold, cooldown_ms }
      return compare(policy, new ConsecutiveBreaker(failure_threshold), moves, false)
    }),
    { numRuns: 150 },
  )
})

const rates = fc.constantFrom(0.2, 0.25, 0.5, 0.75, 0.9)

test('`count` opens and closes when cockatiel does', async () => {
  const sizes = fc
    .integer({ min: 1, max: 8 })
    .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 1, max: size })))
  await fc.assert(
    fc.asyncProperty(sizes, rates, steps, ([size, least], failure_rate, moves) => {
      const windows = { window_calls: size, minimum_calls: least }
      const policy: BreakerPolicy = { ...defaultBreaker, criterion: 'count', ...windows, failure_rate, cooldown_ms }
      const theirs = new CountBreaker({ threshold: failure_rate - hair, size, minimumNumberOfCalls: least })
      return compare(policy, theirs, moves, true)
    }),
    { numRuns: 150 },
  )
})

test('`sampling` opens and closes when cockatiel does', async () => {
  const window_ms = 60_000
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), rates, steps, (minimum_calls, failure_rate, moves) => {
      const asked = { window_ms, minimum_calls, failure_rate, cooldown_ms }
      const policy: BreakerPolicy = { ...defaultBreaker, criterion: 'sampling', ...asked }
      const minimumRps = (minimum_calls / window_ms) * 1_000 * (1 - hair)
      const theirs = new SamplingBreaker({ threshold: failure_rate - hair, duration: window_ms, minimumRps })
      return compare(policy, theirs, moves, true)
    }),
    { numRuns: 150 },
  )
})
