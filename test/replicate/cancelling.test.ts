import { describe, expect, it } from 'vitest'
import { CancelledError } from '../../src/domain/errors.ts'
import { official, prediction, bench, types, isCreate, isGet } from './bench.ts'

describe('cancelling', () => {
  it('cancels at Replicate, waits a moment for the bill, and tells what it cost', async () => {
    const controller = new AbortController()
    let cancelled = false
    const { call } = await bench(
      (request) => {
        if (isCreate(request)) return { status: 201, body: prediction({ status: 'starting', output: null }) }
        if (request.path === '/v1/predictions/p1/cancel') {
          cancelled = true
          return { body: prediction({ status: 'processing', output: null }) }
        }
        if (!isGet(request)) return undefined
        if (cancelled)
          return {
            body: prediction({
              status: 'canceled',
              output: null,
              metrics: { predict_time: 3 },
              started_at: '2026-01-01T00:00:00Z',
            }),
          }
        controller.abort(new CancelledError('cancelled by a person'))
        return { body: prediction({ status: 'processing', output: null }) }
      },
      {},
      1_000,
    )
    const { outcome, facts } = await call(official, {}, { signal: controller.signal })
    expect(outcome).toMatchObject({ status: 'cancelled', cost_usd: 0.03 })
    expect(facts.at(-1)).toMatchObject({ type: 'call.settled', status: 'cancelled', cost_usd: 0.03 })
    expect(cancelled).toBe(true)
  })

  it('lets a create that is on its way be answered, for its id is needed to cancel it', async () => {
    const controller = new AbortController()
    const seen: string[] = []
    const { call } = await bench(
      (request) => {
        seen.push(`${request.method} ${request.path}`)
        if (isCreate(request)) {
          controller.abort(new CancelledError('cancelled by a person'))
          return { status: 201, body: prediction({ status: 'starting', output: null }) }
        }
        return request.path.endsWith('/cancel')
          ? { body: prediction({ status: 'canceled', output: null, metrics: {} }) }
          : undefined
      },
      {},
      1_000,
    )
    const { outcome, facts } = await call(official, {}, { signal: controller.signal })
    expect(outcome).toMatchObject({ status: 'cancelled', cost_usd: 0 })
    expect(types(facts)).toContain('call.created')
    expect(seen.at(-1)).toBe('POST /v1/predictions/p1/cancel')
  })

  it('cancels nothing when the work is only abandoned, so that it can be taken up again', async () => {
    const controller = new AbortController()
    const reason = new CancelledError('second Ctrl-C', { code: 'interrupted' })
    const { call, server } = await bench(
      (request) => {
        if (isCreate(request)) return { status: 201, body: prediction({ status: 'starting', output: null }) }
        if (!isGet(request)) return undefined
        controller.abort(reason)
        return { body: prediction({ status: 'processing', output: null }) }
      },
      {},
      1_000,
    )
    await expect(call(official, {}, { signal: controller.signal })).rejects.toBe(reason)
    expect(server.requests.some(({ path }) => path.endsWith('/cancel'))).toBe(false)
  })

  it('cancels at Replicate when the time is up', async () => {
    let cancelled = false
    const { call } = await bench(
      (request) => {
        if (isCreate(request)) return { status: 201, body: prediction({ status: 'starting', output: null }) }
        if (request.path.endsWith('/cancel')) {
          cancelled = true
          return { body: prediction({ status: 'canceled', output: null, metrics: {} }) }
        }
        return isGet(request) ? { body: prediction({ status: 'processing', output: null }) } : undefined
      },
      {},
      4_900,
    )
    const { outcome } = await call(official, {}, { spec: { timeout_ms: 8_000 } })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'timeout' } })
    expect(cancelled).toBe(true)
  })
})
