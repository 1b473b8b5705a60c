import { describe, expect, it } from 'vitest'
import { defaultRetry } from '../../src/domain/definition.ts'
import type { Json } from '../../src/std/json.ts'
import { official, prediction, bench, isCreate } from './bench.ts'

describe('what a failure means', () => {
  const answers: [number, Json, string][] = [
    [401, { title: 'Unauthenticated', detail: 'You did not pass a valid token', status: 401 }, 'authentication'],
    [403, { detail: 'no' }, 'authentication'],
    [402, { title: 'Insufficient credit', detail: 'Buy more', status: 402 }, 'payment_required'],
    [422, { title: 'Input validation failed', detail: '- input: prompt is required', status: 422 }, 'validation'],
    [404, { detail: 'gone' }, 'not_found'],
    [400, 'not even JSON', 'validation'],
  ]
  it.each(answers)('an answer of %i to a create', async (status, body, code) => {
    const { call, creates } = await bench((request) => (isCreate(request) ? { status, body } : undefined))
    const { outcome } = await call(official, {})
    expect(outcome.status).toBe(['authentication', 'payment_required'].includes(code) ? 'stopped' : 'failed')
    expect(outcome).toMatchObject({ error: { code }, cost_usd: 0 })
    expect(creates()).toHaveLength(1)
  })

  const ends: [string, string, string][] = [
    ['failed', 'E1000: unknown', 'server'],
    ['failed', 'Prediction failed (code: E1001): CUDA out of memory', 'resource_exhausted'],
    ['failed', 'NSFW content detected', 'exception'],
    ['failed', 'Prediction interrupted; please retry (code: PA)', 'server'],
    ['canceled', '', 'exception'],
  ]
  it.each(ends)('a prediction that %s with "%s"', async (status, error, code) => {
    const { call } = await bench((request) =>
      isCreate(request)
        ? { status: 201, body: prediction({ status, error, output: null, started_at: '2026-01-01T00:00:00Z' }) }
        : undefined,
    )
    const { outcome } = await call(official, {}, { spec: { retry: { ...defaultRetry, attempts: 1 } } })
    expect(outcome).toMatchObject({ status: 'failed', error: { code }, cost_usd: 0.01 })
  })

  it('retries a failed prediction of a retryable class with a new one, and adds up the costs', async () => {
    const { call, creates } = await bench((request) => {
      if (!isCreate(request)) return undefined
      const id = `p${creates().length}`
      return {
        status: 201,
        body:
          creates().length < 3
            ? prediction({ id, status: 'failed', error: 'E1000', output: null })
            : prediction({ id }),
      }
    })
    const { outcome, facts } = await call(official, {})
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 3, cost_usd: 0.03 })
    expect(facts.filter((fact) => fact.type === 'call.created').map((fact) => fact.id)).toEqual(['p1', 'p2', 'p3'])
  })
})
