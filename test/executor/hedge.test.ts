/** `hedge`: a call that takes long is made once more; the first answer wins. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CancelledError, RateLimitError, ServerError } from '../../src/domain/errors.ts'
import type { HedgePolicy } from '../../src/domain/hedge.ts'
import { abortReason } from '../../src/std/abort.ts'
import { seededRandom } from '../../src/std/random.ts'
import type { FunctionContext } from '../../src/targets/function/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import { candidate, harness, retry, scripted, settled, spec, types } from './harness.ts'

const after = (ms: number, max = 1): HedgePolicy => ({ after: { ms }, max })
const hang = ({ signal }: FunctionContext) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(abortReason(signal))))

/** The nth call does what the nth of these says; `cancelled` counts those that were called off. */
function calls(...script: ((context: FunctionContext) => unknown)[]) {
  let made = 0
  let cancelled = 0
  const clock = eagerClock(60_000)
  const { executor } = harness(
    {
      f: (_input, context) => {
        context.signal.addEventListener('abort', () => (cancelled += 1))
        const does = script[made]
        made += 1
        return does ? does(context) : 'done'
      },
    },
    { clock },
  )
  const ask = async (hedge: HedgePolicy, more = retry(), price = {}) => {
    const memory = memoryCall()
    const chain = [candidate('f', { hedge, price })]
    return { outcome: await executor.execute(spec({ chain, retry: more }), memory.context), ...memory }
  }
  return { ask, clock, executor, made: () => made, cancelled: () => cancelled }
}

test('The second of two calls answers first, the first is called off; both are journaled, and paid for', async () => {
  const { ask, made, cancelled } = calls(hang, () => 'second')
  const { outcome, facts } = await ask(after(2_000), retry(), { usd_per_call: 0.01 })
  expect(outcome).toMatchObject({ status: 'succeeded', output: 'second', attempts: 2, cost_usd: 0.02 })
  expect([made(), cancelled()]).toEqual([2, 1])
  expect(types(facts)).toEqual(['call.intended', 'call.intended', 'call.settled', 'call.settled'])
  expect(settled(facts)).toMatchObject([
    { call: 1, status: 'cancelled', cost_usd: 0.01, latency_ms: 2_000 },
    { call: 2, status: 'succeeded', cost_usd: 0.01 },
  ])
})

test('A call that answers in time is made once, and so is one that fails in time', async () => {
  const quick = calls()
  expect((await quick.ask(after(2_000))).outcome).toMatchObject({ attempts: 1, output: 'done' })
  const failing = calls(() => {
    throw new ServerError('down')
  })
  const { outcome, facts } = await failing.ask(after(2_000))
  expect(outcome).toMatchObject({ attempts: 2, output: 'done' })
  expect(settled(facts)[0]).toMatchObject({ status: 'failed', retry_in_ms: expect.any(Number) })
})

test('`max` is how many are made besides the first, and `retry.attempts` bounds all of them', async () => {
  const many = calls(hang, hang, hang, () => 'fourth')
  expect((await many.ask(after(1_000, 3), retry({ attempts: 9 }))).outcome).toMatchObject({
    output: 'fourth',
    attempts: 4,
  })
  const few = calls(hang, hang, () => 'third')
  const policy = retry({ attempts: 3, attempt_timeout_ms: 5_000, on: ['timeout'] })
  const { outcome } = await few.ask(after(1_000, 1), policy)
  expect(outcome).toMatchObject({ output: 'third', attempts: 3 })
})

test('When one of them fails, the other may still answer; when all fail, it is tried again', async () => {
  const one = calls(hang, () => {
    throw new ServerError('down')
  })
  const controller = one.ask(after(1_000), retry({ attempt_timeout_ms: 3_000 }))
  expect((await controller).outcome).toMatchObject({ status: 'succeeded', attempts: 3 })
  const { facts } = await controller
  expect(settled(facts).map(({ status }) => status)).toEqual(['failed', 'failed', 'succeeded'])
})

test('A 429 to one of them is no end of the other', async () => {
  const late = calls(
    async ({ signal }) => {
      await eagerClock(60_000).sleep(1, signal)
      return new Promise((resolve) => setTimeout(() => resolve('first'), 20))
    },
    () => {
      throw new RateLimitError('no', { retryAfterMs: 60_000 })
    },
  )
  expect((await late.ask(after(1_000))).outcome).toMatchObject({ output: 'first', attempts: 2 })
})

test('A percentile is of the answers before, and until ten were timed nothing is hedged', async () => {
  const { ask, made, clock } = calls(...Array.from({ length: 12 }, (_, at) => (at < 10 ? quick : hang)))
  function quick() {
    clock.advance(1_000)
    return 'done'
  }
  const p90: HedgePolicy = { after: { percentile: 90 }, max: 1 }
  for (let at = 0; at < 10; at += 1) await ask(p90)
  const before = clock.slept.length
  await ask(p90, retry({ attempt_timeout_ms: 30_000 }))
  expect(clock.slept.slice(before)).toContain(1_000)
  expect(made()).toBe(13)
})

test('What is not idempotent is never made twice, whatever its policy says', async () => {
  let made = 0
  const clock = eagerClock(60_000)
  const target = scripted(async (context) => {
    made += 1
    await context.record.intended({}, undefined)
    await context.clock.sleep(5_000)
    return 'done'
  })
  const executor = createExecutor({ targets: async () => target, clock, random: seededRandom(1) })
  const chain = [candidate('f', { hedge: after(1_000) })]
  expect(await executor.execute(spec({ chain }), memoryCall().context)).toMatchObject({ attempts: 1 })
  expect(made).toBe(1)
})

test('Cancelling the call cancels all of them', async () => {
  const controller = new AbortController()
  const { executor, cancelled } = calls(hang, () => {
    setImmediate(() => controller.abort(new CancelledError('by a person')))
    return new Promise(() => {})
  })
  const memory = memoryCall({ signal: controller.signal })
  const outcome = await executor.execute(spec({ chain: [candidate('f', { hedge: after(1_000) })] }), memory.context)
  expect(outcome).toMatchObject({ status: 'cancelled', attempts: 2 })
  expect(cancelled()).toBe(2)
  expect(settled(memory.facts).map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
})

test('What was in flight when a process ended is settled, and one of it is made anew', async () => {
  const { executor, made } = calls()
  const open = { call: 2, model: 'f', body: {}, intended_at: 0, candidate: 0 }
  const prior = { calls: 2, open, orphans: [{ call: 1, candidate: 0 }] }
  const memory = memoryCall({ prior })
  const chain = [candidate('f', { hedge: after(1_000) })]
  expect(await executor.execute(spec({ chain }), memory.context)).toMatchObject({ status: 'succeeded', attempts: 2 })
  expect(made()).toBe(1)
  expect(settled(memory.facts)).toMatchObject([
    { call: 1, status: 'cancelled', error: { code: 'interrupted' } },
    { call: 2, status: 'succeeded' },
  ])
})

test('Whatever its calls do, each is journaled once, counted once, and nothing runs on', async () => {
  const kinds = ['hang', 'fail', 'answer', 'refuse'] as const
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...kinds), { maxLength: 6 }),
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 2, max: 5 }),
      async (script, max, attempts) => {
        let running = 0
        const does = {
          hang,
          answer: () => 'yes',
          fail: () => fail(new ServerError('x')),
          refuse: () => fail(new RateLimitError('x')),
        }
        const fail = (error: Error) => {
          throw error
        }
        const { ask } = calls(
          ...script.map((kind) => async (context: FunctionContext) => {
            running += 1
            try {
              return await does[kind](context)
            } finally {
              running -= 1
            }
          }),
        )
        const { outcome, facts } = await ask(
          after(1_000, max),
          retry({ attempts, attempt_timeout_ms: 10_000, budget: null }),
        )
        const intended = facts.flatMap((fact) => (fact.type === 'call.intended' ? [fact.call] : []))
        const ended = settled(facts).map(({ call }) => call)
        expect(new Set(ended)).toEqual(new Set(intended))
        expect(ended).toHaveLength(new Set(ended).size)
        expect(outcome.attempts).toBe(ended.length)
        expect(outcome.attempts).toBeLessThanOrEqual(attempts)
        expect(running).toBe(0)
      },
    ),
    { numRuns: 100 },
  )
})
