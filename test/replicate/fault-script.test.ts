/** What a provider under load does to its clients, and what must come of it. */
import { expect, test } from 'vitest'
import { defaultRetry } from '../../src/domain/definition.ts'
import type { Json } from '../../src/std/json.ts'
import { bench, isCreate, isGet, isList, official, prediction, token } from './bench.ts'

test('A 429 with `Retry-After: 1` gives exactly two requests, at least a second apart', async () => {
  const at: number[] = []
  const { call, creates, clock } = await bench((request) => {
    if (!isCreate(request)) return undefined
    at.push(clock.monotonic())
    return at.length === 1
      ? { status: 429, headers: { 'retry-after': '1' }, body: { detail: 'Request was throttled.' } }
      : { status: 201, body: prediction() }
  })
  const { outcome } = await call(official, {}, { spec: { retry: { ...defaultRetry, base_delay_ms: 0 } } })
  expect(outcome).toMatchObject({ status: 'succeeded', attempts: 1 })
  expect(creates()).toHaveLength(2)
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(1_000)
})

const start = Date.UTC(2026, 0, 1)
const forms: [string, { headers?: Record<string, string>; body?: Json }, number][] = [
  ['a fraction of seconds', { headers: { 'retry-after': '1.5' } }, 1_500],
  ['a date', { headers: { 'retry-after': new Date(start + 7_000).toUTCString() } }, 6_000],
  ['a field of the body', { body: { detail: 'slow down', retry_after: 9 } }, 9_000],
  ['a field of the body, as text', { body: { retry_after: '9' } }, 9_000],
  ['words', { body: { detail: 'Request was throttled. Your rate limit resets in ~30s.' } }, 30_000],
  ['older words', { body: { detail: 'Expected available in 1 second.' } }, 1_000],
  ['minutes', { body: { detail: 'Try again in 2 minutes.' } }, 120_000],
  ['nothing that is understood', { headers: { 'retry-after': 'soon' } }, 0],
  ['a date that has passed', { headers: { 'retry-after': new Date(0).toUTCString() } }, 0],
]
test.each(forms)('What a 429 asks for in %s is waited for at least', async (_what, answer, ms) => {
  const at: number[] = []
  const { call, clock } = await bench(
    (request) => {
      if (!isCreate(request)) return undefined
      at.push(clock.monotonic())
      return at.length === 1 ? { status: 429, ...answer } : { status: 201, body: prediction() }
    },
    {},
    200_000,
  )
  await call(official, {}, { spec: { retry: { ...defaultRetry, base_delay_ms: 0, max_delay_ms: 0 } } })
  expect(at).toHaveLength(2)
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(ms)
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeLessThan(ms + 5_000)
})

test('A prediction that is `aborted` has ended', async () => {
  const { call, server } = await bench((request) => {
    if (isCreate(request)) return { status: 201, body: prediction({ status: 'starting', output: null }) }
    return isGet(request) ? { body: prediction({ status: 'aborted', output: null }) } : undefined
  })
  const { outcome } = await call(official, {}, { spec: { retry: { ...defaultRetry, attempts: 1 } } })
  expect(outcome).toMatchObject({ status: 'failed', error: { code: 'timeout' } })
  expect(server.requests.filter((request) => isGet(request))).toHaveLength(1)
})

test('One that is `processing` without an output is asked for until it has one', async () => {
  const { call, server } = await bench((request) => {
    if (isCreate(request)) return { status: 201, body: prediction({ status: 'processing', output: null }) }
    if (!isGet(request)) return undefined
    const asked = server.requests.filter((one) => isGet(one)).length
    return { body: asked < 4 ? prediction({ status: 'processing', output: null }) : prediction() }
  })
  expect((await call(official, {})).outcome).toMatchObject({ status: 'succeeded', output: 'done' })
  expect(server.requests.filter((request) => isGet(request))).toHaveLength(4)
})

test('A token appears in no body, fact, error or progress, even where the server repeats it', async () => {
  const { call, server } = await bench((request) => {
    if (!isCreate(request)) return undefined
    return { status: 500, body: { detail: `Bearer ${token} is not liked, ${token}` } }
  })
  const { outcome, facts, progress } = await call(official, { prompt: 'hi' })
  expect(outcome.status).toBe('failed')
  expect(JSON.stringify({ outcome, facts, progress })).not.toContain(token)
  expect(server.requests.length).toBeGreaterThan(2)
  for (const { body, path, query } of server.requests)
    expect(`${body} ${path} ${query.toString()}`).not.toContain(token)
})

test('A create that is not answered within the time of its attempt is looked for, not made twice', async () => {
  const { call, creates, clock } = await bench(
    (request) => {
      if (isCreate(request)) {
        // Made, but nobody is told: neither in its time, nor in the moment that a cancelled one gets to tell its id.
        setImmediate(() => {
          clock.advance(4_000)
          setImmediate(() => clock.advance(5_000))
        })
        return () => {}
      }
      const made = prediction({ status: 'processing', output: null })
      if (isList(request)) return { body: { results: [made] } }
      return isGet(request) ? { body: prediction() } : undefined
    },
    {},
    1_000,
  )
  const { outcome } = await call(official, {}, { spec: { retry: { ...defaultRetry, attempt_timeout_ms: 4_000 } } })
  expect(outcome).toMatchObject({ status: 'succeeded', attempts: 2, output: 'done' })
  expect(creates()).toHaveLength(1)
  expect(creates()[0]?.headers).toMatchObject({ 'cancel-after': '9s' })
})

test('One that does not end in time is canceled before the next is made', async () => {
  const seen: string[] = []
  const { call, clock } = await bench(
    (request) => {
      if (isCreate(request)) {
        seen.push('create')
        const first = seen.length === 1
        return {
          status: 201,
          body: first ? prediction({ status: 'starting', output: null }) : prediction({ id: 'p2' }),
        }
      }
      if (request.path.endsWith('/cancel')) {
        seen.push('cancel')
        return { body: prediction({ status: 'canceled', output: null, metrics: {} }) }
      }
      if (!isGet(request)) return undefined
      setImmediate(() => clock.advance(8_000))
      return { body: prediction({ status: 'processing', output: null }) }
    },
    {},
    1_000,
  )
  const { outcome } = await call(official, {}, { spec: { retry: { ...defaultRetry, attempt_timeout_ms: 8_000 } } })
  expect(outcome).toMatchObject({ status: 'succeeded', attempts: 2 })
  expect(seen).toEqual(['create', 'cancel', 'create'])
})
