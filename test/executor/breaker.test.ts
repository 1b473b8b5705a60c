import { expect, test } from 'vitest'
import { defaultBreaker } from '../../src/domain/breaker.ts'
import { CancelledError, NonRetryableError, RateLimitError, ServerError } from '../../src/domain/errors.ts'
import { defaultRouting } from '../../src/domain/routing.ts'
import type { CallFact } from '../../src/executor/contract.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { candidate, harness, retry, scriptedHarness, spec, types } from './harness.ts'

const breaker = { ...defaultBreaker, failure_threshold: 2, cooldown_ms: 5_000 }
const once = retry({ attempts: 1 })
const a = candidate('a', { name: 'agent', breaker })
const b = candidate('b', { name: 'agent', breaker })
const order = new Map([['agent', { routing: { ...defaultRouting, strategy: 'order' as const } }]])

/** Model `a` fails as it is told; the others answer with their name. */
function setUp(failure: () => Error | undefined) {
  let calls = 0
  const made = harness({
    a: () => {
      calls += 1
      const error = failure()
      if (error) throw error
      return 'a'
    },
    b: () => 'b',
    z: () => 'z',
  })
  const ask = async (chain = [a]) => {
    const { context, facts } = memoryCall()
    const outcome = await made.executor.execute(spec({ chain, retry: once, routes: order }), context)
    return { outcome, facts }
  }
  return { ...made, ask, calls: () => calls }
}

const down = () => new ServerError('a is down')
const removed = (facts: CallFact[]) =>
  facts.flatMap((fact) => (fact.type === 'call.routed' ? fact.decision.candidates.map((each) => each.removed_by) : []))

test('A model that failed so often is not called any more, and the error says for how long', async () => {
  const { ask, calls } = setUp(down)
  await ask()
  await ask()
  const { outcome, facts } = await ask()
  expect(calls()).toBe(2)
  expect(facts).toEqual([])
  expect(outcome).toMatchObject({ status: 'failed', attempts: 0, error: { code: 'circuit_open' } })
})

test('The router passes over a candidate whose breaker is open, and a fallback is asked when none is left', async () => {
  const { ask, calls } = setUp(down)
  await ask()
  await ask()
  const { outcome, facts } = await ask([a, b])
  expect(outcome).toMatchObject({ status: 'succeeded', output: 'b' })
  expect(removed(facts)).toEqual(['circuit breaker open: 2 failures within 60 s', undefined])
  expect((await ask([a, candidate('z')])).outcome).toMatchObject({ status: 'succeeded', output: 'z' })
  expect(calls()).toBe(2)
})

test('After the cooldown one call is let through, and its success closes the breaker', async () => {
  let broken = true
  const { ask, clock, calls } = setUp(() => (broken ? down() : undefined))
  await ask()
  await ask()
  broken = false
  await clock.sleep(5_000)
  const [first, second] = await Promise.all([ask(), ask()])
  expect([first?.outcome.status, second?.outcome.status].toSorted()).toEqual(['failed', 'succeeded'])
  expect((await ask()).outcome.status).toBe('succeeded')
  expect(calls()).toBe(4)
})

test('A trial call that is called off says nothing, and gives its place to the next one', async () => {
  const controller = new AbortController()
  let calls = 0
  const { executor, clock } = harness({
    a: () => {
      calls += 1
      if (calls <= 2) throw down()
      if (calls > 3) return 'a'
      controller.abort(new CancelledError('by a person'))
      return new Promise(() => {})
    },
  })
  const ask = (signal = new AbortController().signal) =>
    executor.execute(spec({ chain: [a], retry: once }), memoryCall({ signal }).context)
  await ask()
  await ask()
  await clock.sleep(5_000)
  expect(await ask(controller.signal)).toMatchObject({ status: 'cancelled' })
  expect(await ask()).toMatchObject({ status: 'succeeded', output: 'a' })
  expect(calls).toBe(4)
})

test('A breaker that opens in the middle of the attempts of a call ends them', async () => {
  const { executor } = harness({ a: () => Promise.reject(down()) })
  const { context, facts } = memoryCall()
  const outcome = await executor.execute(spec({ chain: [a], retry: retry({ attempts: 5 }) }), context)
  expect(outcome).toMatchObject({ status: 'failed', attempts: 2, error: { code: 'server' } })
  expect(types(facts)).toEqual(['call.intended', 'call.settled', 'call.intended', 'call.settled'])
})

test.each([
  ['a refusal of the input', () => new NonRetryableError('validation', 'wrong')],
  ['a prediction that failed', () => new Error('no faces found')],
])('%s does not count against a model', async (_, failure) => {
  const { ask, calls } = setUp(failure)
  for (let n = 0; n < 4; n += 1) await ask()
  expect(calls()).toBeGreaterThanOrEqual(4)
})

test('Refusals of the rate do not count against a model, however many there are', async () => {
  let left = 4
  const { ask } = setUp(() => (left-- > 0 ? new RateLimitError('slow down') : undefined))
  expect((await ask()).outcome).toMatchObject({ status: 'succeeded', attempts: 1 })
})

test('Agents without a breaker call a model that another agent keeps away from', async () => {
  const { ask, calls } = setUp(down)
  for (let n = 0; n < 3; n += 1) await ask()
  await ask([candidate('a')])
  expect(calls()).toBe(3)
})

test('A call that may have arrived is looked for, but not made anew once its breaker is open', async () => {
  let creates = 0
  let searches = 0
  const { executor } = scriptedHarness(async ({ record, open }) => {
    if (open) {
      searches += 1
      await record.reattached('not_found')
    }
    await record.intended({}, undefined)
    creates += 1
    throw new ServerError('a is down', { details: { unanswered: true, cost_usd: null } })
  })
  const { context, facts } = memoryCall()
  const outcome = await executor.execute(spec({ chain: [a], retry: retry({ attempts: 9 }) }), context)
  expect({ creates, searches }).toEqual({ creates: 2, searches: 2 })
  expect(outcome).toMatchObject({ status: 'failed', error: { code: 'circuit_open' } })
  expect(facts.at(-1)).toMatchObject({ type: 'call.settled', status: 'failed', cost_usd: 0 })
})

test('What waited for its turn while the breaker opened is not sent', async () => {
  const { ask, calls } = setUp(down)
  const limited = candidate('a', { name: 'agent', breaker, bulkhead: { max_concurrent: 1 } })
  const ends = await Promise.all(Array.from({ length: 6 }, () => ask([limited])))
  expect(calls()).toBe(2)
  expect(ends.map(({ outcome }) => outcome.status)).toEqual(Array.from({ length: 6 }, () => 'failed'))
})
