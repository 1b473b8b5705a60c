import { describe, expect, it } from 'vitest'
import { createOwnCache } from '../../src/app/cache/own-cache.ts'
import { NetworkError, RateLimitError, ServerError, TimeoutError, ValidationError } from '../../src/domain/errors.ts'
import { defaultRouting, type QosPolicy, type RoutingPolicy } from '../../src/domain/routing.ts'
import type { CallFact, Scored } from '../../src/executor/contract.ts'
import { createMemoryState, type RouterState } from '../../src/executor/routing/state.ts'
import type { Json } from '../../src/std/json.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { candidate, harness, retry, scriptedHarness, settled, spec, types } from './harness.ts'

const once = retry({ attempts: 1 })
const chain = ['a', 'b', 'c'].map((model) => candidate(model, { name: 'agent' }))
const routed = (policy: Partial<RoutingPolicy> = {}, qos?: QosPolicy) => {
  const routing: RoutingPolicy = { ...defaultRouting, strategy: 'order', ...policy }
  return new Map([['agent', { routing, ...(qos && { qos }) }]])
}
const context = 'step=demo/draw length=0'
const fail = (error: Error) => () => {
  throw error
}
const decisions = (facts: CallFact[]) => facts.flatMap((fact) => (fact.type === 'call.routed' ? [fact.decision] : []))
function seen(state: RouterState, arm: string, times: number, quality: number, latency_ms = 100) {
  for (let at = 0; at < times; at += 1)
    state.observe('agent', arm, context, { succeeded: true, quality, latency_ms, cost_usd: 0.01 }, defaultRouting)
}

describe('choosing among the candidates of an agent', () => {
  it('journals each decision with the intent that follows from it, and chooses again among the rest', async () => {
    const commits: string[][] = []
    const { executor } = harness({ a: fail(new ServerError('down')), b: () => 'b' })
    const call = memoryCall()
    const { record } = call.context
    call.context.record = (...facts) => {
      commits.push(types(facts))
      return record(...facts)
    }
    const outcome = await executor.execute(spec({ chain, retry: once, routes: routed() }), call.context)
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'b', attempts: 2 })
    expect(commits).toEqual([['call.routed', 'call.intended'], ['call.settled'], ['call.routed', 'call.intended']])
    expect(decisions(call.facts)).toMatchObject([
      { id: 'run1/draw/1', agent: 'agent', strategy: 'order', context, chosen: 0, candidates: [{}, {}, {}] },
      { id: 'run1/draw/2', chosen: 1, candidates: [{ candidate: 1 }, { candidate: 2 }] },
    ])
  })

  it('decides nothing for a group of one, and learns from it all the same', async () => {
    const state = createMemoryState()
    const { executor } = harness({ f: () => 'x' }, { routerState: state })
    const { context: surroundings, facts } = memoryCall()
    await executor.execute(spec(), surroundings)
    expect(types(facts)).toEqual(['call.intended', 'call.settled'])
    expect(state.statistics('f').of('f').sums).toMatchObject({ calls: 1, failures: 0, cost: { n: 1 } })
    expect(state.statistics('f').of('f', context).sums.calls).toBe(1)
  })

  it('goes on to the fallbacks of an agent only when none of its candidates is left', async () => {
    const tried: string[] = []
    const down = (name: string) => () => {
      tried.push(name)
      throw new ServerError('down')
    }
    const { executor } = harness({ a: down('a'), b: down('b'), c: down('c'), z: () => 'z' })
    const whole = [...chain, candidate('z')]
    const { context: surroundings } = memoryCall()
    const outcome = await executor.execute(spec({ chain: whole, retry: once, routes: routed() }), surroundings)
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'z' })
    expect(tried).toEqual(['a', 'b', 'c'])
  })

  it('says which requirement took out which candidate, and then asks the fallbacks', async () => {
    const state = createMemoryState()
    seen(state, 'a', 3, 1, 3_000)
    seen(state, 'b', 3, 0.2)
    seen(state, 'c', 3, 1, 2_500)
    const qos = { latency_cap_ms: 2_000, quality_floor: 0.5 }
    const { executor } = harness({ a: () => 'a', z: () => 'z' }, { routerState: state })
    const alone = await executor.execute(spec({ chain, routes: routed({}, qos) }), memoryCall().context)
    expect(alone).toMatchObject({ status: 'failed', attempts: 0, error: { code: 'no_candidate', retryable: false } })
    expect(alone).toMatchObject({
      error: {
        message:
          'no candidate of "agent" may be called: a: latency_cap_ms 2000 < 3000; b: quality_floor 0.5 > 0.2; c: latency_cap_ms 2000 < 2500',
        hint: expect.stringContaining('qos'),
      },
    })
    const whole = [...chain, candidate('z')]
    const other = await executor.execute(spec({ chain: whole, routes: routed({}, qos) }), memoryCall().context)
    expect(other).toMatchObject({ status: 'succeeded', output: 'z' })
  })

  it('keeps the failure of a call as the reason when what is left may not be called', async () => {
    const state = createMemoryState()
    seen(state, 'b', 3, 0.1)
    seen(state, 'c', 3, 0.1)
    const { executor } = harness({ a: fail(new ServerError('a is down')) }, { routerState: state })
    const asked = spec({ chain, retry: once, routes: routed({}, { quality_floor: 0.5 }) })
    const outcome = await executor.execute(asked, memoryCall().context)
    expect(outcome).toMatchObject({
      status: 'failed',
      error: { message: 'a is down', details: { tried: [{ code: 'no_candidate' }, { model: 'a' }] } },
    })
  })

  it('journals the decision for an attempt that never came to an intent', async () => {
    const { executor } = harness({ b: () => 'b' })
    const { context: surroundings, facts } = memoryCall()
    await executor.execute(spec({ chain, routes: routed() }), surroundings)
    expect(types(facts)).toEqual(['call.routed', 'call.settled', 'call.routed', 'call.intended', 'call.settled'])
  })

  it('sees the calls that are in flight, also those that were chosen at the same time', async () => {
    const done = Promise.withResolvers<Json>()
    const { executor } = harness({ a: () => done.promise })
    const asked = spec({ chain, routes: routed() })
    const calls = [memoryCall(), memoryCall(), memoryCall()]
    const begun = calls.map(({ context: each }) => executor.execute(asked, each))
    done.resolve('a')
    await Promise.all(begun)
    const last = memoryCall()
    await executor.execute(asked, last.context)
    const pending = [...calls, last].map(({ facts }) => decisions(facts)[0]?.candidates[0]?.pending)
    expect(pending).toEqual([0, 1, 2, 0])
  })
})

describe('what an attempt teaches', () => {
  const lesson = async (error: Error) => {
    const state = createMemoryState()
    const { executor } = harness({ a: fail(error) }, { routerState: state })
    await executor.execute(
      spec({ chain: [candidate('a')], retry: retry({ attempts: 1, on: [] }) }),
      memoryCall().context,
    )
    return state.statistics('a').of('a').sums
  }

  it('is a failure where the model failed', async () => {
    expect(await lesson(new ServerError('500'))).toMatchObject({ calls: 1, failures: 1, latency: { n: 0 } })
    expect(await lesson(new Error('thrown'))).toMatchObject({ calls: 1, failures: 1 })
  })

  it('is a failure, with the time that it took at least, where the time was up', async () => {
    expect(await lesson(new TimeoutError('late'))).toMatchObject({ calls: 1, failures: 1, latency: { n: 1 } })
  })

  it.each([new RateLimitError('429'), new ValidationError('422'), new NetworkError('reset')])(
    'is nothing where the model is not at fault: %s',
    async (error) => expect(await lesson(error)).toMatchObject({ calls: 0 }),
  )

  it('is nothing for a result from the cache', async () => {
    const cache = createOwnCache()
    const state = createMemoryState()
    const { executor } = harness({ f: () => 'x' }, { routerState: state, cache })
    for (const cached of [false, true])
      expect(await executor.execute(spec({ cache: {} }), memoryCall().context)).toMatchObject({ cached })
    expect(state.statistics('f').of('f').sums.calls).toBe(1)
  })

  it('has no latency when the call is taken up from an earlier process', async () => {
    const state = createMemoryState()
    const { executor } = scriptedHarness(
      async ({ record }) => {
        await record.reattached('known_id', 'p1')
        return 'there'
      },
      { routerState: state },
    )
    const open = { call: 1, candidate: 0, model: 'f', body: {}, intended_at: 1, id: 'p1' }
    await executor.execute(spec(), memoryCall({ prior: { calls: 1, open } }).context)
    expect(state.statistics('f').of('f').sums).toMatchObject({ calls: 1, latency: { n: 0 }, cost: { n: 1 } })
  })

  it('is kept before the call is settled', async () => {
    const order: string[] = []
    const state = { ...createMemoryState(), flushed: async () => void order.push('flushed') }
    const { executor } = harness({ f: () => 'x' }, { routerState: state })
    const call = memoryCall()
    call.context.recordLast = (fact) => order.push(fact.type)
    await executor.execute(spec(), call.context)
    expect(order).toEqual(['flushed', 'call.settled'])
  })
})

describe('the score of an answer', () => {
  const functions = { a: () => 'poor', b: () => 'fair', c: () => 'good' }
  const worth: Record<string, number> = { poor: 0.2, fair: 0.5, good: 0.9 }
  const scoring =
    (bar?: number) =>
    async ({ output }: { output: Json }): Promise<Scored> => {
      const score = worth[output as string] as number
      return { score, by: 'judge', judging_usd: 0.001, ...(bar !== undefined && { accepted: score >= bar }) }
    }
  const call = (score: NonNullable<ReturnType<typeof memoryCall>['context']['score']>) => {
    const made = memoryCall()
    made.context.score = score
    return made
  }

  it('is journaled with the end of the call, taught, and its price added', async () => {
    const state = createMemoryState()
    const { executor } = harness(functions, { routerState: state })
    const { context: surroundings, facts } = call(scoring())
    const outcome = await executor.execute(spec({ chain, routes: routed() }), surroundings)
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'poor', cost_usd: 0.001 })
    expect(settled(facts)).toMatchObject([
      { status: 'succeeded', quality: { score: 0.2, by: 'judge' }, cost_usd: 0.001 },
    ])
    expect(state.statistics('agent').of('a').sums).toMatchObject({
      calls: 1,
      failures: 0,
      quality: { n: 1, sum: 0.2 },
      cost: { n: 1, sum: 0 },
    })
  })

  it('under its bar is a failure that goes on to the next candidate', async () => {
    const state = createMemoryState()
    const { executor } = harness(functions, { routerState: state })
    const { context: surroundings, facts } = call(scoring(0.8))
    const asked = spec({ chain, routes: routed({ quality: { accept: 0.8 } }) })
    const outcome = await executor.execute(asked, surroundings)
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'good', attempts: 3, cost_usd: 0.003 })
    expect(settled(facts)[0]).toMatchObject({
      status: 'failed',
      quality: { score: 0.2 },
      error: { code: 'quality_failure', message: 'the answer of a scored 0.2 (judge), and 0.8 is asked for' },
    })
    expect(state.statistics('agent').of('a').sums).toMatchObject({ calls: 1, failures: 1, quality: { n: 1, sum: 0.2 } })
  })

  it('under its bar fails the call when no candidate is left, but not that of a cascade', async () => {
    const { executor } = harness(functions)
    for (const [strategy, end] of [
      ['order', { status: 'failed', error: { code: 'quality_failure' } }],
      ['cascade', { status: 'succeeded', output: 'good', attempts: 3 }],
    ] as const) {
      const { context: surroundings } = call(scoring(0.95))
      const asked = spec({ chain, routes: routed({ strategy }) })
      expect(await executor.execute(asked, surroundings)).toMatchObject(end)
    }
  })

  it('is asked for again of the same candidate where the policy retries poor answers', async () => {
    const { executor } = harness(functions)
    const { context: surroundings, facts } = call(scoring(0.95))
    const policy = retry({ attempts: 2, on: ['quality_failure'] })
    const asked = spec({ chain: chain.slice(2), retry: policy, routes: routed({ strategy: 'cascade' }) })
    expect(await executor.execute(asked, surroundings)).toMatchObject({ status: 'succeeded', attempts: 2 })
    expect(settled(facts).map(({ status }) => status)).toEqual(['failed', 'succeeded'])
  })

  it('that can not be had fails the call, with what the answer cost', async () => {
    const { executor } = scriptedHarness(async () => 'answer')
    const { context: surroundings } = call(fail(new ServerError('the judge is down')))
    const outcome = await executor.execute(spec({ retry: once }), surroundings)
    expect(outcome).toMatchObject({ status: 'failed', cost_usd: 0.5, error: { message: 'the judge is down' } })
  })

  it('leaves the call open when the work is abandoned meanwhile, and is asked for again after it', async () => {
    const controller = new AbortController()
    const { executor } = harness(functions)
    const made = memoryCall({ signal: controller.signal })
    made.context.score = async () => {
      controller.abort(new Error('the process ends'))
      throw controller.signal.reason
    }
    await expect(executor.execute(spec({ chain }), made.context)).rejects.toThrow('the process ends')
    expect(settled(made.facts)).toEqual([])
  })

  it('is 0 by schema for an output that does not fit, and teaches a failure', async () => {
    const state = createMemoryState()
    const { executor } = harness(functions, { routerState: state })
    const { context: surroundings, facts } = memoryCall()
    const asked = spec({ chain: [candidate('a')], retry: once, output_schema: { type: 'number' } })
    await executor.execute(asked, surroundings)
    expect(settled(facts)).toMatchObject([{ error: { code: 'invalid_output' }, quality: { score: 0, by: 'schema' } }])
    expect(state.statistics('a').of('a').sums).toMatchObject({ calls: 1, failures: 1, quality: { n: 0 } })
  })
})
