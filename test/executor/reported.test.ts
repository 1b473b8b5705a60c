/** What the executor tells of a call that is over. */
import { describe, expect, it } from 'vitest'
import type { CallLog, CallReport } from '../../src/domain/call-report.ts'
import {
  AuthenticationError,
  CancelledError,
  RateLimitError,
  ServerError,
  StoreError,
} from '../../src/domain/errors.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { candidate, harness, retry, scriptedHarness, spec } from './harness.ts'

function listener(more: Partial<CallLog> = {}) {
  const told: CallReport[] = []
  const callLog: CallLog = { take: (report) => void told.push(report), flushed: async () => {}, ...more }
  return { told, callLog }
}

describe('A call that is over', () => {
  it('is told with every attempt, in order, and what answered', async () => {
    const { told, callLog } = listener()
    let calls = 0
    const { executor } = harness(
      {
        f: () => {
          throw new ServerError('down')
        },
        g: () => `answer ${(calls += 1)}`,
      },
      { callLog },
    )
    const { context } = memoryCall({})
    const chain = [candidate('f'), candidate('g')]
    await executor.execute(spec({ chain, input: { a: 1 }, retry: retry({ attempts: 2 }) }), context)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({
      ...{ agent: 'f', input: { a: 1 }, status: 'succeeded', model: 'g', output: 'answer 1', cache: 'off' },
      candidates: [{ model: 'f' }, { model: 'g' }],
      attempts: [
        { model: 'f', status: 'failed', error: { code: 'server' } },
        { model: 'f', status: 'failed', error: { code: 'server' } },
        { model: 'g', status: 'succeeded' },
      ],
    })
    expect(told[0]?.attempts[0]?.backoff_ms).toBeGreaterThan(0)
    expect(new Set(told[0]?.attempts.map(({ id }) => id)).size).toBe(3)
  })

  it('is told how it ended otherwise: failed, stopped, cancelled', async () => {
    const { told, callLog } = listener()
    const aborted = new AbortController()
    const { executor } = scriptedHarness(
      async (_context, at) => {
        if (at === 1) throw new ServerError('down')
        if (at === 2) throw new AuthenticationError('who are you')
        aborted.abort(new CancelledError('enough'))
        throw new CancelledError('enough')
      },
      { callLog },
    )
    for (const signal of [undefined, undefined, aborted.signal])
      await executor.execute(spec({ retry: retry({ attempts: 1 }) }), memoryCall(signal ? { signal } : {}).context)
    expect(told.map(({ status, error }) => [status, error?.code])).toEqual([
      ['failed', 'server'],
      ['stopped', 'authentication'],
      ['cancelled', undefined],
    ])
  })

  it('says what a 429 made it wait, as one attempt', async () => {
    const { told, callLog } = listener()
    const { executor } = scriptedHarness(
      async (context, at) => {
        await context.record.intended({}, undefined)
        if (at === 1) throw new RateLimitError('slow down', { retryAfterMs: 1_000 })
        return 'there'
      },
      { callLog },
    )
    await executor.execute(spec(), memoryCall({}).context)
    expect(told[0]?.attempts).toMatchObject([{ status: 'succeeded', sent: true, cost_usd: 0.5, reserved_usd: 1 }])
    expect(told[0]?.latency_ms).toBeGreaterThanOrEqual(1_000)
  })
})

describe('A call that is taken up', () => {
  const settled = {
    ...({ type: 'call.settled', step: 's', status: 'failed', latency_ms: 40, cost_usd: 0.25 } as const),
    error: { code: 'server', message: 'down', retryable: true } as const,
  }

  it('is told as a whole, with the attempts of the process that ended', async () => {
    const { told, callLog } = listener()
    const { executor } = scriptedHarness(
      async (context) => {
        await context.record.reattached('known_id', 'p2')
        return 'adopted'
      },
      { callLog },
    )
    const first = { call: 1, candidate: 0, target: 'scripted', model: 'f', id: 'p1', intended_at: 1_000 }
    const open = { call: 2, candidate: 0, model: 'f', body: {}, intended_at: 2_000, id: 'p2' }
    const prior = { attempts: [1], last: 0, calls: 2, cost_usd: 0.25, open }
    const { context } = memoryCall({ prior: { ...prior, settled: [{ ...first, settled: { ...settled, call: 1 } }] } })
    await executor.execute(spec({ retry: retry({ attempts: 3 }) }), context)
    expect(told[0]?.attempts).toMatchObject([
      { status: 'failed', earlier: true, prediction_id: 'p1', cost_usd: 0.25, time: 1_040 },
      { status: 'succeeded', prediction_id: 'p2', cost_usd: 0.5 },
    ])
    expect(told[0]?.cost_usd).toBe(0.75)
  })

  it('counts an attempt once that was given up and then taken up again', async () => {
    const { told, callLog } = listener()
    const { executor } = scriptedHarness(async () => 'adopted', { callLog })
    const open = { call: 1, candidate: 0, model: 'f', body: {}, intended_at: 1_000, id: 'p1' }
    const given = { ...open, target: 'scripted', settled: { ...settled, status: 'abandoned', call: 1 } as const }
    const { context } = memoryCall({ prior: { attempts: [1], last: 0, calls: 1, open, settled: [given] } })
    await executor.execute(spec({ retry: retry({ attempts: 3 }) }), context)
    expect(told[0]?.attempts).toMatchObject([{ status: 'succeeded' }])
  })

  it('is not told of by a process that only lets go of it', async () => {
    const { told, callLog } = listener()
    const stop = new AbortController()
    const { executor } = scriptedHarness(
      async () => {
        stop.abort(new CancelledError('closed', { code: 'interrupted' }))
        throw stop.signal.reason as Error
      },
      { callLog },
    )
    await expect(executor.execute(spec(), memoryCall({ signal: stop.signal }).context)).rejects.toThrow('closed')
    expect(told).toEqual([])
  })
})

describe('A log that has to be written first', () => {
  it('keeps the call from being made when it can not be', async () => {
    const { told, callLog } = listener({ begin: async () => Promise.reject(new StoreError('disk_full', 'no room')) })
    const { executor } = harness({ f: () => expect.unreachable() }, { callLog })
    const outcome = await executor.execute(spec(), memoryCall({}).context)
    expect(outcome).toMatchObject({ status: 'stopped', attempts: 0, error: { code: 'disk_full' } })
    expect(told).toEqual([])
  })

  it('gives its id to the report', async () => {
    const begun: unknown[] = []
    const begin: CallLog['begin'] = async (start) => `id ${begun.push(start)}`
    const { told, callLog } = listener({ begin })
    const { executor } = harness({ f: () => 'f' }, { callLog })
    await executor.execute(spec({ input: { a: 1 } }), memoryCall({}).context)
    expect(begun).toMatchObject([{ agent: 'f', input: { a: 1 } }])
    expect(told).toMatchObject([{ id: 'id 1' }])
  })
})
