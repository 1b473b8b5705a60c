import { afterEach, describe, expect, it } from 'vitest'
import { type Sandbox, startSandbox } from '../sandbox.ts'
import { createCaller, createTestClock } from '../test-clock.ts'
import { type FaultInput, parseFaultRule } from './rules.ts'

let sandbox: Sandbox | undefined
afterEach(async () => {
  await sandbox?.close()
  sandbox = undefined
})

const path = '/models/meta/meta-llama-3-8b-instruct/predictions'

async function start(faults: FaultInput[], clock = createTestClock(), seed = 1) {
  sandbox = await startSandbox({ faults, latency: '1000', clock, seed })
  const call = createCaller(sandbox.url)
  return {
    clock,
    call,
    create: (prompt = 'Hello!', headers = {}) => call('POST', path, { input: { prompt } }, headers),
  }
}

describe('the grammar of failure rules', () => {
  it('reads targets, kinds and counts', () => {
    expect(parseFaultRule('black-forest-labs/flux-schnell:0.3')).toMatchObject({
      target: 'black-forest-labs/flux-schnell',
      rate: 0.3,
      fault: { kind: 'failed' },
    })
    expect(parseFaultRule('*:status=500:0.1')).toMatchObject({
      target: '*',
      rate: 0.1,
      fault: { kind: 'status', status: 500 },
    })
    expect(parseFaultRule('meta/*:429=2:times=3')).toMatchObject({
      times: 3,
      fault: { kind: 'status', status: 429, retryAfterS: 2 },
    })
    expect(parseFaultRule('*:slow=10:0.5')).toMatchObject({ fault: { kind: 'slow', factor: 10 } })
    expect(parseFaultRule('*:on=get:503')).toMatchObject({ on: ['get'], fault: { kind: 'status', status: 503 } })
  })

  it.each([
    '',
    '*',
    'flux:0.3',
    'a/b:2',
    'a/b:status=200',
    'a/b:explode',
    '*:429=x',
    '*:slow=0',
    '*:times=',
    '*:stall:on=get',
    'a/b:',
  ])('refuses %j with the grammar as a hint', (written) =>
    expect(() => parseFaultRule(written)).toThrow(
      expect.objectContaining({ code: 'usage', hint: expect.stringContaining('TARGET:CLAUSE') }),
    ),
  )
})

describe('injected failures', () => {
  it('fail predictions with the error that was written', async () => {
    const { create, call, clock } = await start(['meta/*:error=CUDA out of memory'])
    const { body } = await create()
    clock.advance(1_000)
    const failed = (await call('GET', `/predictions/${body.id}`)).body
    expect(failed).toMatchObject({ status: 'failed', error: 'CUDA out of memory', output: null })
  })

  it('throttle with Retry-After in header and body, so often and no more, and create nothing', async () => {
    const { create } = await start(['*:429=7:times=2'])
    for (let n = 0; n < 2; n += 1) {
      const { status, headers, body } = await create()
      expect({ status, after: headers.get('retry-after') }).toEqual({ status: 429, after: '7' })
      expect(body).toMatchObject({
        detail: 'Request was throttled. Your rate limit resets in ~7s.',
        retry_after: 7,
        status: 429,
      })
    }
    expect(sandbox?.bill().predictions).toBe(0)
    expect((await create()).status).toBe(201)
  })

  it('strike the share of requests that was asked for, the same ones for the same seed', async () => {
    const strikes = async (seed: number) => {
      const { create } = await start(['*:status=500:0.3'], createTestClock(), seed)
      const statuses: number[] = []
      for (let n = 0; n < 200; n += 1) statuses.push((await create(`Hello ${n}`)).status)
      await sandbox?.close()
      sandbox = undefined
      return statuses
    }
    const first = await strikes(1)
    expect(await strikes(1)).toEqual(first)
    expect(await strikes(2)).not.toEqual(first)
    const share = first.filter((status) => status === 500).length / first.length
    expect(share).toBeGreaterThan(0.2)
    expect(share).toBeLessThan(0.4)
  })

  it('cut the connection before anything was created, or after', async () => {
    const before = await start(['*:drop'])
    await expect(before.create()).rejects.toThrow('fetch failed')
    expect(sandbox?.bill().predictions).toBe(0)
    await sandbox?.close()
    const after = await start(['*:lost:times=1'])
    await expect(after.create()).rejects.toThrow('fetch failed')
    expect(sandbox?.bill().predictions).toBe(1)
    expect((await after.call('GET', '/predictions')).body.results).toHaveLength(1)
  })

  it('stall for half an hour, unless canceled', async () => {
    const { create, call, clock } = await start(['*:stall'])
    const { body } = await create()
    clock.advance(1_000_000)
    const get = async () => (await call('GET', `/predictions/${body.id}`)).body
    expect((await get()).status).toBe('processing')
    clock.advance(1_000_000)
    expect(await get()).toMatchObject({ status: 'failed', error: expect.stringContaining('timed out') })
  })

  it('slow down, empty the output, or answer a waiting create too early', async () => {
    const { create, call, clock } = await start(['*:early:times=1', '*:slow=3:times=1', '*:empty:times=1'])
    const early = await create('Hello!', { prefer: 'wait=5' })
    expect(early).toMatchObject({ status: 201, body: { status: 'processing', output: null } })
    const slow = (await create()).body
    const empty = (await create()).body
    clock.advance(1_000)
    const get = async (id: unknown) => (await call('GET', `/predictions/${String(id)}`)).body
    expect(await get(empty.id)).toMatchObject({ status: 'succeeded', output: null })
    expect((await get(slow.id)).status).toBe('processing')
    clock.advance(1_800)
    expect((await get(slow.id)).status).toBe('succeeded')
  })

  it('limit creates by the minute', async () => {
    const { create, clock } = await start(['meta/*:limit=2'])
    expect([(await create()).status, (await create()).status]).toEqual([201, 201])
    const refused = await create()
    expect({ status: refused.status, after: refused.headers.get('retry-after') }).toEqual({ status: 429, after: '30' })
    clock.advance(30_000)
    expect((await create()).status).toBe(201)
  })

  it('can strike polls', async () => {
    const { create, call } = await start(['*:503=1:on=get:times=1'])
    const { body } = await create()
    const poll = () => call('GET', `/predictions/${body.id}`)
    expect((await poll()).status).toBe(503)
    expect((await poll()).status).toBe(200)
  })
})
