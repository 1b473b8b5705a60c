import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../std/json.ts'
import { type Sandbox, startSandbox } from '../sandbox.ts'
import { type ApiBody, createCaller, createTestClock, type TestClock } from '../test-clock.ts'

let sandbox: Sandbox
let clock: TestClock
let call: ReturnType<typeof createCaller>

beforeEach(async () => {
  clock = createTestClock()
  sandbox = await startSandbox({ clock, latency: '1000' })
  call = createCaller(sandbox.url)
})
afterEach(() => sandbox.close())

const flux = '/models/black-forest-labs/flux-schnell/predictions'
const llama = '/models/meta/meta-llama-3-8b-instruct/predictions'
const create = async (path = flux, headers: Record<string, string> = {}) =>
  (await call('POST', path, { input: { prompt: 'a small tree' } }, headers)).body
const get = async (id: unknown) => (await call('GET', `/predictions/${String(id)}`)).body

describe('the life of a prediction', () => {
  it('starts, processes and succeeds by the clock', async () => {
    const made = await create()
    expect(made).toMatchObject({
      id: expect.stringMatching(/^[a-z2-7]{26}$/),
      status: 'starting',
      output: null,
      error: null,
      data_removed: false,
      source: 'api',
      version: 'hidden',
      created_at: '2026-01-02T03:04:05.000Z',
      started_at: null,
      completed_at: null,
    })
    expect(made.urls).toEqual({
      get: `${sandbox.url}/predictions/${made.id}`,
      cancel: `${sandbox.url}/predictions/${made.id}/cancel`,
      web: expect.stringContaining(`/p/${made.id}`),
    })
    clock.advance(550)
    expect(await get(made.id)).toMatchObject({
      status: 'processing',
      started_at: '2026-01-02T03:04:05.100Z',
      logs: expect.stringContaining('50%|'),
      output: null,
    })
    clock.advance(450)
    const done = await get(made.id)
    expect(done).toMatchObject({
      status: 'succeeded',
      completed_at: '2026-01-02T03:04:06.000Z',
      metrics: { predict_time: 0.9, total_time: 1, image_count: 1 },
    })
    expect(await get(made.id)).toEqual(done)
  })

  it('shows the output of a streaming model as it grows', async () => {
    const made = await create(llama)
    clock.advance(550)
    const half = (await get(made.id)).output as string[]
    clock.advance(450)
    const whole = (await get(made.id)).output as string[]
    expect(half.length).toBe(Math.floor(whole.length / 2))
    expect(whole.slice(0, half.length)).toEqual(half)
  })

  it('is cancelled once, and not after its end', async () => {
    const made = await create()
    clock.advance(300)
    const cancelled = (await call('POST', `/predictions/${made.id}/cancel`)).body
    expect(cancelled).toMatchObject({
      status: 'canceled',
      completed_at: '2026-01-02T03:04:05.300Z',
      metrics: { predict_time: 0.2 },
    })
    clock.advance(5_000)
    expect((await get(made.id)).status).toBe('canceled')
    const other = await create()
    clock.advance(5_000)
    expect((await call('POST', `/predictions/${other.id}/cancel`)).body.status).toBe('succeeded')
    expect((await call('POST', '/predictions/nosuchprediction/cancel')).status).toBe(404)
  })

  it('waits for the end when asked to, and then calls it processing, with its output', async () => {
    const waiting = call('POST', flux, { input: { prompt: 'x' } }, { prefer: 'wait' })
    await expect.poll(async () => ((await call('GET', '/predictions')).body.results as unknown[]).length).toBe(1)
    clock.advance(1_000)
    const { status, body } = await waiting
    expect(status).toBe(201)
    expect(body).toMatchObject({ status: 'processing', output: [expect.stringContaining('/delivery/')] })
    expect(body).not.toHaveProperty('metrics')
    expect((await get(body.id)).status).toBe('succeeded')
  })

  it('answers 202 and starting when it waited long enough, even if it runs', async () => {
    await sandbox.close()
    sandbox = await startSandbox({ clock, latency: '30s' })
    call = createCaller(sandbox.url)
    const waiting = call('POST', llama, { input: { prompt: 'x' } }, { prefer: 'wait=2' })
    await expect.poll(async () => ((await call('GET', '/predictions')).body.results as unknown[]).length).toBe(1)
    clock.advance(2_000)
    const { status, body } = await waiting
    expect({ status, shown: body.status, output: body.output }).toEqual({
      status: 202,
      shown: 'starting',
      output: null,
    })
    expect((await get(body.id)).status).toBe('processing')
  })

  it('ends at its deadline: aborted before it began, canceled after', async () => {
    await sandbox.close()
    sandbox = await startSandbox({ clock, latency: '60s' })
    call = createCaller(sandbox.url)
    const made = await create(flux, { 'cancel-after': '10s' })
    expect(made.deadline).toBe('2026-01-02T03:04:15.000Z')
    clock.advance(10_000)
    expect(await get(made.id)).toMatchObject({ status: 'canceled', completed_at: '2026-01-02T03:04:15.000Z' })
    await sandbox.close()
    sandbox = await startSandbox({ clock, latency: '0', faults: ['*:queue=60'] })
    call = createCaller(sandbox.url)
    const queued = await create(flux, { 'cancel-after': '1m' })
    const late = await create(flux, { 'cancel-after': '5' })
    clock.advance(5_000)
    expect(await get(late.id)).toMatchObject({ status: 'aborted', started_at: null, metrics: { total_time: 5 } })
    expect(sandbox.bill().usd).toBe(0.003)
    clock.advance(55_000)
    expect((await get(queued.id)).status).toBe('succeeded')
    for (const wrong of ['4', '0s', 'soon', '-5s', '1d']) {
      expect((await call('POST', flux, { input: { prompt: 'x' } }, { 'cancel-after': wrong })).status).toBe(400)
    }
  })

  it('forgets input and output an hour after the end', async () => {
    const made = await create()
    clock.advance(1_000)
    const link = (await get(made.id)).output?.[0] ?? ''
    expect((await fetch(link)).status).toBe(200)
    clock.advance(3_600_000)
    expect(await get(made.id)).toMatchObject({
      status: 'succeeded',
      input: {},
      output: null,
      logs: '',
      data_removed: true,
    })
    expect((await fetch(link)).status).toBe(404)
  })

  it('forgets at once when told to', async () => {
    const [first, second] = [await create(), await create(llama)]
    clock.advance(1_000)
    await Promise.all([get(first.id), get(second.id)])
    expect(await sandbox.expire(second.id)).toBe(1)
    expect((await get(second.id)).data_removed).toBe(true)
    expect((await get(first.id)).data_removed).toBe(false)
    const origin = sandbox.url.replace(/\/v1$/, '')
    expect((await call('POST', `${origin}/_sandbox/expire`)).body).toEqual({ removed: 1 })
  })
})

describe('what is refused', () => {
  it('answers 401 without a token, and takes any other', async () => {
    const without = await fetch(`${sandbox.url}/account`)
    expect(without.status).toBe(401)
    expect(without.headers.get('content-type')).toBe('application/problem+json')
    expect(await without.json()).toEqual({
      title: 'Unauthenticated',
      detail: 'You did not pass a valid authentication token',
      status: 401,
    })
    expect((await fetch(`${sandbox.url}/account`, { headers: { authorization: 'Token x' } })).status).toBe(200)
  })

  it('answers 404 and 405', async () => {
    expect((await call('GET', '/nothing')).body).toMatchObject({ status: 404, title: 'Not found' })
    expect((await call('GET', '/predictions/abc')).status).toBe(404)
    expect((await call('POST', '/models/no/model/predictions', { input: {} })).status).toBe(404)
    expect((await call('DELETE', '/predictions')).status).toBe(405)
  })

  it('names each field that is wrong', async () => {
    const input = { num_outputs: 9, aspect_ratio: '7:7', seed: 1.5, go_fast: 'yes' }
    const { status, body } = await call('POST', flux, { input })
    expect(status).toBe(422)
    expect(body).toMatchObject({ title: 'Input validation failed', status: 422 })
    expect(body.detail.split('\n')).toEqual([
      '- input: prompt is required',
      expect.stringContaining('- input.aspect_ratio: Must be one of the following: "1:1"'),
      '- input.num_outputs: Must be less than or equal to 4',
      '- input.seed: Invalid type. Expected: integer, given: number',
      '- input.go_fast: Invalid type. Expected: boolean, given: string',
      '',
    ])
    expect(body.invalid_fields.length).toBe(5)
  })

  it('ignores fields that the model does not have, and says so in the logs', async () => {
    const { body } = await call('POST', flux, { input: { prompt: 'x', num_output: 2 } })
    clock.advance(1_000)
    expect((await get(body.id)).logs).toContain('Ignored unknown input: num_output (did you mean num_outputs?)')
  })

  it.each([
    ['no JSON', undefined, {}, 400],
    ['a list', [], {}, 400],
    ['no input', {}, {}, 422],
    ['an input that is no object', { input: 'x' }, {}, 422],
    ['an unknown field', { input: { prompt: 'x' }, modle: 'y' }, {}, 422],
    ['a webhook that is no link', { input: { prompt: 'x' }, webhook: 'nowhere' }, {}, 422],
    ['an unknown event', { input: { prompt: 'x' }, webhook_events_filter: ['end'] }, {}, 422],
    ['too long a wait', { input: { prompt: 'x' } }, { prefer: 'wait=61' }, 400],
  ] as const)('refuses %s', async (_what, body, headers, status) => {
    expect((await call('POST', flux, body as JsonObject | undefined, headers)).status).toBe(status)
    expect(sandbox.bill().predictions).toBe(0)
  })

  it('refuses a body that is too large', async () => {
    const body = JSON.stringify({ input: { prompt: 'x'.repeat(33 * 1024 * 1024) } })
    const headers = { authorization: 'Bearer x' }
    const response = await fetch(`${sandbox.url}${flux}`, { method: 'POST', headers, body }).catch(() => undefined)
    // the connection may be closed before all of it was sent
    expect(response?.status ?? 413).toBe(413)
    expect(sandbox.bill().predictions).toBe(0)
  })
})

describe('the list of predictions', () => {
  it('comes in pages of 100, newest first, forth and back', async () => {
    const ids: unknown[] = []
    for (let n = 0; n < 230; n += 1) ids.unshift((await create(llama)).id)
    const seen: unknown[][] = []
    let next: string | null = `${sandbox.url}/predictions`
    let last: ApiBody | undefined
    while (next !== null) {
      last = (await call('GET', next)).body
      seen.push(last.results.map(({ id }) => id))
      next = last.next
    }
    expect(seen.map((page) => page.length)).toEqual([100, 100, 30])
    expect(seen.flat()).toEqual(ids)
    const back = (await call('GET', last?.previous ?? '')).body
    expect(back.results.map(({ id }) => id)).toEqual(seen[1])
    const first = (await call('GET', back.previous ?? '')).body
    expect(first.results.map(({ id }) => id)).toEqual(seen[0])
    expect(first.previous).toBeNull()
    expect((await call('GET', '/predictions?cursor=nonsense')).status).toBe(400)
  })

  it('can be cut by time of creation', async () => {
    const made: unknown[] = []
    for (let n = 0; n < 5; n += 1) {
      made.push((await create(llama)).id)
      clock.advance(1_000)
    }
    const query = 'created_after=2026-01-02T03:04:06Z&created_before=2026-01-02T03:04:08Z'
    const { results } = (await call('GET', `/predictions?${query}`)).body
    expect(results.map(({ id }) => id)).toEqual([made[2], made[1]])
    expect((await call('GET', '/predictions?created_after=yesterday')).status).toBe(400)
  })
})
