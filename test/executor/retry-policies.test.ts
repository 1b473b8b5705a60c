/** What a retry policy says beyond how often: per class, per attempt, per link of a chain, and within a deadline. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  NetworkError,
  RateLimitError,
  type ReplicateAgentError,
  RetryableError,
  ServerError,
  TimeoutError,
} from '../../src/domain/errors.ts'
import { seededRandom } from '../../src/std/random.ts'
import { abortReason } from '../../src/std/abort.ts'
import type { FunctionContext } from '../../src/targets/function/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { candidate, harness, retry, scriptedHarness, settled, spec } from './harness.ts'

const none = { jitter: 'none', base_delay_ms: 100 } as const

/** Fails with each of these in turn, then answers. */
function failing(...failures: ReplicateAgentError[]) {
  let calls = 0
  const made = harness({
    f: () => {
      const failure = failures[calls]
      calls += 1
      if (failure) throw failure
      return 'done'
    },
  })
  return { ...made, calls: () => calls }
}

/** A function that only ends by its signal. */
const hang = (_input: unknown, { signal }: FunctionContext) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(abortReason(signal))))

describe('by_class', () => {
  test('A class has its own number of attempts, delays and jitter; other classes have those of all', async () => {
    const { executor } = failing(
      new ServerError('x'),
      new ServerError('x'),
      new ServerError('x'),
      new NetworkError('x'),
      new NetworkError('x'),
    )
    const policy = retry({ ...none, attempts: 3, by_class: { server: { attempts: 5, base_delay_ms: 1_000 } } })
    const { context, facts } = memoryCall()
    const outcome = await executor.execute(spec({ retry: policy }), context)
    // The fourth attempt failed otherwise, and of other failures the third is the last.
    expect(outcome).toMatchObject({ status: 'failed', attempts: 4, error: { code: 'network' } })
    expect(settled(facts).map(({ retry_in_ms }) => retry_in_ms)).toEqual([1_000, 2_000, 4_000, undefined])
  })

  test('A 429 is waited for as often as there is time, or as often as its class says', async () => {
    const no = () => new RateLimitError('slow down', { retryAfterMs: 1_000 })
    const many = failing(...Array.from({ length: 9 }, no))
    expect(await many.executor.execute(spec(), memoryCall().context)).toMatchObject({ attempts: 1, output: 'done' })
    const few = failing(...Array.from({ length: 9 }, no))
    const policy = retry({ by_class: { rate_limited: { attempts: 3 } } })
    expect(await few.executor.execute(spec({ retry: policy }), memoryCall().context)).toMatchObject({
      ...{ status: 'failed', attempts: 1, error: { code: 'rate_limited' } },
    })
    expect(few.calls()).toBe(3)
  })

  test('A run that goes on after a crash has the attempts of the class that failed last', async () => {
    const policy = retry({ attempts: 2, by_class: { server: { attempts: 4 } } })
    const last_error = { code: 'server', message: 'x', retryable: true } as const
    const prior = { attempts: [3], last: 0, calls: 3, last_error }
    const goesOn = failing()
    const outcome = await goesOn.executor.execute(spec({ retry: policy }), memoryCall({ prior }).context)
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 4 })
    const over = failing()
    const network = { ...prior, last_error: { ...last_error, code: 'network' } as const }
    expect(await over.executor.execute(spec({ retry: policy }), memoryCall({ prior: network }).context)).toMatchObject({
      ...{ status: 'failed', attempts: 3 },
    })
    expect(over.calls()).toBe(0)
  })
})

describe('attempt_timeout', () => {
  test('An attempt that takes longer is cancelled, and tried again as a timeout', async () => {
    let calls = 0
    const { executor } = harness({
      f: (input, context) => {
        calls += 1
        return calls < 3 ? hang(input, context) : 'done'
      },
    })
    const { context, facts } = memoryCall()
    const outcome = await executor.execute(spec({ retry: retry({ attempt_timeout_ms: 2_000 }) }), context)
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 3 })
    expect(settled(facts)).toMatchObject([
      { status: 'failed', error: { code: 'timeout', message: expect.stringContaining('attempt_timeout') } },
      { status: 'failed', error: { code: 'timeout' }, latency_ms: 2_000 },
      { status: 'succeeded' },
    ])
  })

  test('It is a failure like any other: `on` says whether it is tried again, and the next of the chain is called', async () => {
    const { executor } = harness({ slow: hang, quick: () => 'quick' })
    const policy = retry({ attempt_timeout_ms: 1_000, on: ['server'] })
    const chain = [candidate('slow'), candidate('quick')]
    const { context, facts } = memoryCall()
    expect(await executor.execute(spec({ chain, retry: policy }), context)).toMatchObject({ output: 'quick' })
    expect(settled(facts)).toHaveLength(2)
  })

  test('The target is told of the sooner of both ends, and waiting to be sent does not count', async () => {
    const told: (number | undefined)[] = []
    const script = () =>
      scriptedHarness(async (context) => {
        await context.record.intended({}, undefined)
        told.push(context.deadline?.())
        return 'done'
      })
    const one = script()
    const start = one.clock.now()
    await one.executor.execute(
      spec({ timeout_ms: 9_000, retry: retry({ attempt_timeout_ms: 2_000 }) }),
      memoryCall().context,
    )
    await one.executor.execute(
      spec({ timeout_ms: 1_000, retry: retry({ attempt_timeout_ms: 2_000 }) }),
      memoryCall().context,
    )
    expect(told.splice(0)).toEqual([start + 2_000, start + 1_000])
    const limited = script()
    const chain = [candidate('f', { limits: { rate: { per_minute: 60, burst: 1 } } })]
    const asked = spec({ chain, retry: retry({ attempt_timeout_ms: 900 }) })
    const all = await Promise.all(
      Array.from({ length: 4 }, () => limited.executor.execute(asked, memoryCall().context)),
    )
    expect(all.map(({ attempts, status }) => [attempts, status])).toEqual(Array(4).fill([1, 'succeeded']))
    expect(told.map((at) => Math.round(((at ?? 0) - start) / 100))).toEqual([9, 19, 29, 39])
  })

  test('What a target can not say of an attempt that was cancelled is looked for before it is made again', async () => {
    const seen: unknown[] = []
    const clock = eagerClock(20_000)
    const { executor } = scriptedHarness(
      async (context, at) => {
        seen.push(context.open?.body)
        if (context.open) return 'found'
        await context.record.intended({ at }, undefined)
        return new Promise(() => {})
      },
      { clock },
    )
    const { context, facts } = memoryCall()
    const outcome = await executor.execute(spec({ retry: retry({ attempt_timeout_ms: 1_000 }) }), context)
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'found' })
    expect(seen).toEqual([undefined, { at: 1 }])
    expect(settled(facts).map(({ status }) => status)).toEqual(['abandoned', 'succeeded'])
  })
})

describe('a chain', () => {
  test('Each link is tried as its own policy says', async () => {
    const calls: string[] = []
    const down = (name: string) => () => {
      calls.push(name)
      throw new ServerError(`${name} is down`)
    }
    const { executor } = harness({ a: down('a'), b: down('b'), c: down('c') })
    const chain = [
      candidate('a', { retry: retry({ attempts: 1 }) }),
      candidate('b', { retry: retry({ attempts: 2 }) }),
      candidate('c'),
    ]
    const outcome = await executor.execute(spec({ chain, retry: retry({ attempts: 4 }) }), memoryCall().context)
    expect(calls).toEqual(['a', 'b', 'b', 'c', 'c', 'c', 'c'])
    expect(outcome).toMatchObject({
      error: { code: 'server', details: { tried: [{ model: 'a', code: 'server' }, { model: 'b' }, { model: 'c' }] } },
    })
  })

  test("An agent's time is that of all its candidates; then the next agent is called, with its own", async () => {
    const called: string[] = []
    const slow = (name: string) => (input: unknown, context: FunctionContext) => {
      called.push(name)
      return hang(input, context)
    }
    const clock = eagerClock(4_000)
    const { executor } = harness({ a: slow('a'), b: slow('b'), spare: () => 'spare' }, { clock })
    const start = clock.now()
    const own = { name: 'writer', timeout_ms: 5_000, retry: retry({ ...none, attempt_timeout_ms: 2_000 }) }
    const chain = [candidate('a', own), candidate('b', own), candidate('spare', { timeout_ms: 1_000 })]
    const { context, facts } = memoryCall()
    expect(await executor.execute(spec({ chain }), context)).toMatchObject({ status: 'succeeded', output: 'spare' })
    expect(clock.now() - start).toBeLessThan(8_000)
    expect(called).toHaveLength(3)
    expect(settled(facts).at(-2)).toMatchObject({ error: { code: 'timeout' } })
    expect(settled(facts).at(-1)).toMatchObject({ status: 'succeeded' })
  })

  test("What earlier processes used of an agent's time is used up", async () => {
    let calls = 0
    const { executor } = harness({ a: () => (calls += 1), spare: () => 'spare' })
    const chain = [candidate('a', { timeout_ms: 5_000 }), candidate('spare')]
    const last_error = { code: 'server', message: 'x', retryable: true } as const
    const prior = { attempts: [1], last: 0, calls: 1, last_error, elapsed_ms: 5_000, elapsed_by: [5_000] }
    expect(await executor.execute(spec({ chain }), memoryCall({ prior }).context)).toMatchObject({ output: 'spare' })
    expect(calls).toBe(0)
  })
})

describe('a deadline', () => {
  test.each([
    ['a failure', new ServerError('down')],
    ['a 429', new RateLimitError('no', { retryAfterMs: 20_000 })],
  ])('ends a call at once when the attempt after %s could not begin in time', async (_what, failure) => {
    const { executor, clock, calls } = failing(failure, failure)
    const policy = retry({ jitter: 'none', base_delay_ms: 20_000 })
    const outcome = await executor.execute(spec({ retry: policy, timeout_ms: 10_000 }), memoryCall().context)
    expect(outcome).toMatchObject({ status: 'failed', attempts: 1, error: { code: failure.code } })
    expect(outcome).toMatchObject({ error: { message: expect.stringMatching(/not tried again: .* in 20\.0s/) } })
    expect([calls(), clock.slept.filter((ms) => ms >= 20_000)]).toEqual([1, []])
  })

  test('of what the call is part of counts as well', async () => {
    const { executor, clock } = failing(new ServerError('down'))
    const { context } = memoryCall()
    const policy = retry({ jitter: 'none', base_delay_ms: 20_000 })
    const outcome = await executor.execute(spec({ retry: policy }), { ...context, deadline: clock.now() + 10_000 })
    expect(outcome).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'server' } })
  })
})

test('A Retry-After holds for every failure that brings one', async () => {
  const { executor } = failing(
    new ServerError('x', { retryAfterMs: 7_000 }),
    new TimeoutError('x', { retryAfterMs: 8_000 }),
  )
  const { context, facts } = memoryCall()
  await executor.execute(spec({ retry: retry(none) }), context)
  expect(settled(facts).map(({ retry_in_ms }) => retry_in_ms)).toEqual([7_000, 8_000, undefined])
})

describe('a retry budget', () => {
  const storm = (ratio: number, min_per_minute: number) => {
    let calls = 0
    const made = harness({
      f: () => {
        calls += 1
        throw new ServerError('down')
      },
    })
    const policy = retry({ attempts: 3, base_delay_ms: 0, budget: { ratio, min_per_minute } })
    return {
      ...made,
      calls: () => calls,
      ask: () => made.executor.execute(spec({ retry: policy }), memoryCall().context),
    }
  }

  test('keeps retries that share of calls, however many fail, and says so', async () => {
    const { ask, calls } = storm(0.2, 0)
    const outcomes = []
    for (let at = 0; at < 100; at += 1) outcomes.push(await ask())
    expect(calls()).toBe(120)
    const [first] = outcomes
    expect(first).toMatchObject({
      attempts: 1,
      error: { code: 'server', message: expect.stringContaining('retry.budget') },
    })
  })

  test('lets a few through where there are few calls', async () => {
    const { ask, calls } = storm(0, 3)
    await ask()
    await ask()
    expect(calls()).toBe(2 + 3)
  })

  test('is none when it is null, and never keeps from waiting for a 429 or from taking up what is open', async () => {
    const none = failing(...Array.from({ length: 5 }, () => new RetryableError('server', 'x')))
    const free = retry({ attempts: 6, budget: null })
    expect(await none.executor.execute(spec({ retry: free }), memoryCall().context)).toMatchObject({ attempts: 6 })
    const budget = { ratio: 0, min_per_minute: 0 }
    const refused = failing(new RateLimitError('no'), new RateLimitError('no'))
    expect(await refused.executor.execute(spec({ retry: retry({ budget }) }), memoryCall().context)).toMatchObject({
      output: 'done',
    })
    const lost = scriptedHarness(async (context) => {
      if (context.open) return 'found'
      await context.record.intended({}, undefined)
      await context.record.created('p1', 'created')
      throw new NetworkError('lost', { details: { unanswered: true } })
    })
    expect(await lost.executor.execute(spec({ retry: retry({ budget }) }), memoryCall().context)).toMatchObject({
      output: 'found',
    })
  })

  test('is never passed in any minute of decisions, whatever the policy, the failures and the times between calls', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ ratio: fc.double({ min: 0, max: 2, noNaN: true }), min_per_minute: fc.nat(5) }),
        fc.array(fc.record({ gap: fc.nat(20_000), fails: fc.nat(4) }), { minLength: 1, maxLength: 60 }),
        async (budget, calls) => {
          const clock = eagerClock(1_000_000)
          const made: { at: number; retry: boolean }[] = []
          let left = 0
          let first = true
          const { executor } = harness(
            {
              f: () => {
                made.push({ at: Math.floor(clock.monotonic() / 1_000), retry: !first })
                first = false
                left -= 1
                if (left >= 0) throw new ServerError('x')
                return 1
              },
            },
            { clock, random: seededRandom(1) },
          )
          for (const { gap, fails } of calls) {
            await clock.sleep(gap)
            left = fails
            first = true
            await executor.execute(
              // Without a delay, a retry is made when it is decided on, which is when it counts.
              spec({ retry: retry({ attempts: 4, budget, base_delay_ms: 0 }) }),
              memoryCall().context,
            )
          }
          for (const { at } of made.filter((one) => one.retry)) {
            const minute = made.filter((one) => one.at > at - 60 && one.at <= at)
            const retries = minute.filter((one) => one.retry).length
            expect(retries).toBeLessThanOrEqual(
              Math.max(budget.min_per_minute, budget.ratio * (minute.length - retries)),
            )
          }
        },
      ),
      { numRuns: 40 },
    )
  })
})
