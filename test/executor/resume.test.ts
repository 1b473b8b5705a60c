import { describe, expect, it } from 'vitest'
import { AuthenticationError, NetworkError, ServerError } from '../../src/domain/errors.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { candidate, retry, spec, harness, scriptedHarness, settled, types } from './harness.ts'

describe('what earlier processes did', () => {
  it('counts attempts that were made before', async () => {
    let calls = 0
    const { executor } = harness({
      f: () => {
        calls += 1
        throw new ServerError('x')
      },
    })
    const { context, facts } = memoryCall({
      prior: { attempts: [2], last: 0, calls: 2, cost_usd: 0.4, elapsed_ms: 70 },
    })
    const outcome = await executor.execute(spec({ retry: retry({ attempts: 3 }) }), context)
    expect(calls).toBe(1)
    expect(outcome).toMatchObject({ status: 'failed', attempts: 3, cost_usd: 0.4 })
    expect(outcome.latency_ms).toBeGreaterThanOrEqual(70)
    expect(facts[0]).toMatchObject({ call: 3 })
  })

  it('calls nothing when every attempt was used up, and tells the last failure again', async () => {
    const { executor } = harness({ f: () => expect.unreachable() })
    const last_error = { code: 'server', message: 'it was down', retryable: true } as const
    const { context, facts } = memoryCall({ prior: { attempts: [3], last: 0, calls: 3, last_error } })
    const outcome = await executor.execute(spec(), context)
    expect(outcome).toMatchObject({ status: 'failed', attempts: 3, error: { code: 'server', message: 'it was down' } })
    expect(facts).toEqual([])
  })

  it('does not repeat a failure that its policy does not retry', async () => {
    const { executor } = harness({ f: () => expect.unreachable(), g: () => 'g' })
    const last_error = { code: 'validation', message: 'no', retryable: false } as const
    const { context } = memoryCall({ prior: { attempts: [1], last: 0, calls: 1, last_error } })
    const outcome = await executor.execute(spec({ chain: [candidate('f'), candidate('g')] }), context)
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'g', attempts: 2 })
  })

  it('takes an open call up first, on its own candidate, even a fallback', async () => {
    const seen: unknown[] = []
    const { executor } = scriptedHarness(async (context, at) => {
      seen.push(context.open)
      if (at > 1) expect.unreachable()
      await context.record.reattached('known_id', 'p1')
      return 'adopted'
    })
    const open = { call: 4, candidate: 1, model: 'g', body: {}, intended_at: 1, id: 'p1' }
    const { context, facts } = memoryCall({ prior: { attempts: [3], last: 0, calls: 4, open } })
    const outcome = await executor.execute(spec({ chain: [candidate('f'), candidate('g')] }), context)
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'adopted', model: 'g', attempts: 4 })
    expect(seen).toMatchObject([{ call: 4, id: 'p1' }])
    expect(facts).toMatchObject([
      { type: 'call.reattached', call: 4 },
      { type: 'call.settled', call: 4 },
    ])
  })

  it('makes a function call anew that was in flight, and says that it could not be found', async () => {
    const { executor } = harness({ f: () => 'again' })
    const open = { call: 1, candidate: 0, model: 'f', body: {}, intended_at: 1 }
    const { context, facts } = memoryCall({ prior: { calls: 1, open } })
    expect(await executor.execute(spec(), context)).toMatchObject({ status: 'succeeded', output: 'again', attempts: 1 })
    expect(types(facts)).toEqual(['call.reattached', 'call.intended', 'call.settled'])
  })
})

describe('an unanswered call', () => {
  it('is handed to the next attempt as open, under its new number, and costs nothing twice', async () => {
    const opens: unknown[] = []
    const { executor } = scriptedHarness(async (context, at) => {
      opens.push(context.open)
      if (at === 1) {
        await context.record.intended({ prompt: 'a' }, 'v1')
        await context.record.created('p1', 'created')
        throw new NetworkError('no answer', { details: { unanswered: true, cost_usd: null } })
      }
      await context.record.reattached('known_id', 'p1')
      return 'here'
    })
    const { context, facts } = memoryCall()
    const outcome = await executor.execute(spec(), context)
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 2, cost_usd: 0.5 })
    expect(opens[1]).toMatchObject({ id: 'p1', version: 'v1', body: { prompt: 'a' } })
    expect(facts.map((fact) => [fact.type, 'call' in fact && fact.call, 'status' in fact && fact.status])).toEqual([
      ['call.intended', 1, false],
      ['call.created', 1, false],
      ['call.settled', 1, 'abandoned'],
      ['call.intended', 2, false],
      ['call.reattached', 2, false],
      ['call.settled', 2, 'succeeded'],
    ])
  })

  it('leaves the cost unknown when nobody takes it up any more', async () => {
    const { executor } = scriptedHarness(async (context) => {
      await context.record.intended({}, undefined)
      throw new NetworkError('no answer', { details: { unanswered: true, cost_usd: null } })
    })
    const outcome = await executor.execute(spec({ retry: retry({ attempts: 2 }) }), memoryCall().context)
    expect(outcome).toMatchObject({ status: 'failed', attempts: 2, cost_usd: null })
  })

  it('never lets a search adopt a prediction of an earlier attempt', async () => {
    const claims: boolean[] = []
    const { executor } = scriptedHarness(async (context, at) => {
      await context.record.intended({}, undefined)
      await context.record.created(`p${at}`, 'created')
      if (at === 1) throw new ServerError('prediction failed')
      claims.push(await context.record.claim('p1'), await context.record.claim('p9'))
      return 'ok'
    })
    await executor.execute(spec(), memoryCall().context)
    expect(claims).toEqual([false, true])
  })
})

describe('the chain of fallbacks', () => {
  it('goes to the next candidate once retries are used up, and names all in the error when all fail', async () => {
    const order: string[] = []
    const fail = (name: string) => () => {
      order.push(name)
      throw new ServerError(`${name} is down`)
    }
    const chain = [candidate('a'), candidate('b')]
    const { executor } = harness({ a: fail('a'), b: fail('b'), c: () => 'c' })
    const policy = retry({ attempts: 2 })
    const both = await executor.execute(spec({ chain, retry: policy }), memoryCall().context)
    expect(order).toEqual(['a', 'a', 'b', 'b'])
    expect(both).toMatchObject({
      status: 'failed',
      attempts: 4,
      error: { message: 'b is down', details: { tried: [{ model: 'a' }, { model: 'b' }] } },
    })
    const { context, facts } = memoryCall()
    const third = await executor.execute(spec({ chain: [...chain, candidate('c')], retry: policy }), context)
    expect(third).toMatchObject({ status: 'succeeded', output: 'c', model: 'c', attempts: 5 })
    expect(facts.filter((fact) => fact.type === 'call.intended').map((fact) => fact.candidate)).toEqual([0, 0, 1, 1, 2])
  })

  it('stops the run at an authentication error instead of trying the next, and leaves the call open', async () => {
    const { executor } = harness({
      a: () => {
        throw new AuthenticationError('bad token')
      },
      b: () => expect.unreachable(),
    })
    const { context, facts } = memoryCall()
    const outcome = await executor.execute(spec({ chain: [candidate('a'), candidate('b')] }), context)
    expect(outcome).toMatchObject({ status: 'stopped', error: { code: 'authentication' }, attempts: 0 })
    expect(settled(facts)).toEqual([])
  })
})
