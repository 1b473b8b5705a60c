import { validateWebhook } from 'replicate'
import { describe, expect, it } from 'vitest'
import { createPriceBook } from '../../src/config/prices/book.ts'
import { defaultRetry } from '../../src/domain/definition.ts'
import { signedHeaders } from '../../src/sandbox/webhooks/sign.ts'
import { seededRandom } from '../../src/std/random.ts'
import { createReplicateTarget } from '../../src/targets/replicate/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { cut, startScriptedServer } from '../../src/testing/scripted-server.ts'
import { token, official, closing, prediction, bench, types, isCreate, isGet, isList, type Answer } from './bench.ts'

describe('traps of the official client', () => {
  it('sends one request for a 429 and waits as long as Retry-After says', async () => {
    const { call, creates, clock } = await bench((request) => {
      if (!isCreate(request)) return undefined
      if (creates().length === 1)
        return {
          status: 429,
          body: { detail: 'Request was throttled. Your rate limit resets in ~30s.' },
          headers: { 'retry-after': '30' },
        }
      return { status: 201, body: prediction() }
    })
    const { outcome, facts } = await call(official, {})
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 1 })
    expect(creates()).toHaveLength(2)
    expect(clock.slept.some((ms) => ms >= 30_000)).toBe(true)
    expect(types(facts)).not.toContain('call.reattached')
  })

  it('reads how long to wait from the body where there is no header', async () => {
    const { call, creates, clock } = await bench((request) => {
      if (!isCreate(request)) return undefined
      return creates().length === 1
        ? { status: 429, body: { detail: 'Expected available in 7 seconds.' } }
        : { status: 201, body: prediction() }
    })
    expect((await call(official, {})).outcome.status).toBe('succeeded')
    expect(clock.slept.some((ms) => ms >= 7_000)).toBe(true)
  })

  it('takes 503 with Retry-After as not created', async () => {
    const { call, creates, server } = await bench((request) => {
      if (!isCreate(request)) return undefined
      return creates().length === 1
        ? { status: 503, body: {}, headers: { 'retry-after': '2' } }
        : { status: 201, body: prediction() }
    })
    expect((await call(official, {})).outcome).toMatchObject({ status: 'succeeded', attempts: 1 })
    expect(server.requests.some(isList)).toBe(false)
  })

  it('sends one request for a failing GET and polls on with back-off', async () => {
    let gets = 0
    const { call, server } = await bench((request) => {
      if (isCreate(request)) return { status: 201, body: prediction({ status: 'starting', output: null }) }
      if (!isGet(request)) return undefined
      gets += 1
      if (gets === 1) return { status: 503 }
      if (gets === 2) return cut
      if (gets === 3) return { status: 429, headers: { 'retry-after': '9' } }
      return { body: prediction() }
    })
    const { outcome } = await call(official, {})
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'done', attempts: 1 })
    expect(server.requests.filter((request) => isGet(request))).toHaveLength(4)
  })

  it('ends on `aborted`, which costs nothing', async () => {
    const { call } = await bench((request) => {
      if (isCreate(request)) return { status: 201, body: prediction({ status: 'starting', output: null }) }
      return isGet(request) ? { body: prediction({ status: 'aborted', output: null, metrics: {} }) } : undefined
    })
    const { outcome } = await call(official, {}, { spec: { retry: { ...defaultRetry, attempts: 1 } } })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'timeout' }, cost_usd: 0 })
  })

  it('polls when a create comes back processing without an output', async () => {
    const { call } = await bench((request) => {
      if (isCreate(request))
        return { status: 201, body: prediction({ status: 'processing', output: null, metrics: {} }) }
      return isGet(request) ? { body: prediction({ output: 'late' }) } : undefined
    })
    expect((await call(official, {})).outcome).toMatchObject({ status: 'succeeded', output: 'late' })
  })

  it('asks at once when a create comes back processing with an output, and never takes half of a growing one', async () => {
    let gets = 0
    const { call, clock } = await bench((request) => {
      if (isCreate(request))
        return { status: 201, body: prediction({ status: 'processing', output: ['Hel'], metrics: {} }) }
      if (!isGet(request)) return undefined
      gets += 1
      return {
        body:
          gets === 1
            ? prediction({ status: 'processing', output: ['Hel', 'lo'], metrics: {} })
            : prediction({ output: ['Hel', 'lo', '!'] }),
      }
    })
    expect((await call(official, {})).outcome).toMatchObject({ output: ['Hel', 'lo', '!'] })
    expect(clock.slept.filter((ms) => ms > 0)).toHaveLength(1)
  })

  it('takes processing with an output and a predict_time as done, without another request', async () => {
    const { call, server } = await bench((request) =>
      isCreate(request)
        ? { status: 201, body: prediction({ status: 'processing', output: 'whole', metrics: { predict_time: 2 } }) }
        : undefined,
    )
    expect((await call(official, {})).outcome).toMatchObject({ status: 'succeeded', output: 'whole', cost_usd: 0.02 })
    expect(server.requests.some((request) => isGet(request))).toBe(false)
  })

  it('sends files as they are, and never the client object with the token', async () => {
    const { call, creates } = await bench((request) =>
      isCreate(request) ? { status: 201, body: prediction() } : undefined,
    )
    const bytes = new Uint8Array([1, 2, 3])
    let uri = ''
    await call(
      official,
      {},
      {
        before: ({ files, context }) => {
          const file = files.hold(bytes, 'a.png', 'image/png')
          uri = `artifact:${file.sha256}/a.png`
          Object.assign(context.files, { find: files.find, read: files.read })
        },
        spec: { input: { image: `artifact:${'0'.repeat(64)}/unknown.png` } },
      },
    )
    // What the run does not hold is just text.
    expect(JSON.parse(creates()[0]?.body ?? '')).toEqual({ input: { image: `artifact:${'0'.repeat(64)}/unknown.png` } })
    const { facts } = await call(
      official,
      { image: uri, nested: [{ image: uri }] },
      { before: ({ files }) => files.hold(bytes, 'a.png', 'image/png') },
    )
    const data = 'data:image/png;base64,AQID'
    expect(JSON.parse(creates()[1]?.body ?? '')).toEqual({ input: { image: data, nested: [{ image: data }] } })
    expect(facts.find((fact) => fact.type === 'call.intended')?.body).toEqual({
      input: { image: uri, nested: [{ image: uri }] },
    })
  })

  it('sends the token along for a stream of its own host only, and goes on after the last event when it breaks', async () => {
    const elsewhere = await startScriptedServer(() => (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.end('event: output\nid: 1:0\ndata: away\n\nevent: done\ndata: {}\n\n')
    })
    closing.push(elsewhere.close)
    let streams = 0
    let done = false
    const script =
      (link: (origin: string) => string): Answer =>
      (request, _at, origin) => {
        if (isCreate(request))
          return { status: 201, body: prediction({ status: 'starting', output: null, urls: { stream: link(origin) } }) }
        if (isGet(request))
          return { body: done ? prediction({ output: 'One two' }) : prediction({ status: 'processing', output: null }) }
        if (request.path !== '/stream/p1') return undefined
        streams += 1
        const broken = streams === 1
        done = !broken
        return (response) => {
          response.writeHead(200, { 'content-type': 'text/event-stream' })
          if (!broken) response.end('event: output\r\nid: 1:1\r\ndata:  two\r\n\r\nevent: done\r\ndata: {}\r\n\r\n')
          else
            response.write('event: output\nid: 1:0\ndata: One\n\n', () =>
              setImmediate(() => response.socket?.destroy()),
            )
        }
      }
    const own = await bench(script((origin) => `${origin}/stream/p1`))
    const { outcome, progress } = await own.call(official, {})
    expect(outcome).toMatchObject({ output: 'One two' })
    expect(progress.flatMap(({ text }) => text ?? []).join('')).toBe('One two')
    const seen = own.server.requests.filter(({ path }) => path === '/stream/p1')
    expect(seen.map(({ headers }) => [headers.authorization, headers['last-event-id']])).toEqual([
      [`Bearer ${token}`, undefined],
      [`Bearer ${token}`, '1:0'],
    ])
    done = true
    const other = await bench(script(() => `${elsewhere.origin}/stream`))
    expect((await other.call(official, {})).outcome.status).toBe('succeeded')
    expect(elsewhere.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true)
  })

  it('never shows the token in a body, a fact, an outcome or progress, even where the server echoes it', async () => {
    const { call, creates, server } = await bench((request) => {
      if (!isCreate(request)) return undefined
      return creates().length === 1
        ? { status: 422, body: { title: 'Bad', detail: `your header was ${request.headers.authorization}` } }
        : {
            status: 201,
            body: prediction({ status: 'failed', error: `E1001: out of memory (${token})`, output: null }),
          }
    })
    const first = await call(official, { prompt: 'x' })
    const second = await call(official, { prompt: 'x' }, { spec: { retry: { ...defaultRetry, attempts: 1 } } })
    expect(second.outcome).toMatchObject({ status: 'failed', error: { code: 'resource_exhausted' } })
    const told = JSON.stringify([
      first.outcome,
      first.facts,
      first.progress,
      second.outcome,
      second.facts,
      second.progress,
    ])
    expect(told).not.toContain(token)
    expect(server.requests.map(({ body }) => body).join('')).not.toContain(token)
    expect(server.requests.every(({ headers }) => headers.authorization === `Bearer ${token}`)).toBe(true)
  })

  it('does not look into the environment for a token', () => {
    for (const missing of ['', '   ', undefined]) {
      expect(() =>
        createReplicateTarget({
          prices: createPriceBook([]),
          token: missing,
          clock: eagerClock(),
          random: seededRandom(1),
        }),
      ).toThrow(expect.objectContaining({ code: 'missing_token' }))
    }
  })

  it('accepts a webhook of any age: who receives one has to refuse old timestamps by itself', async () => {
    const secret = `whsec_${Buffer.from('a secret').toString('base64')}`
    const body = JSON.stringify(prediction())
    const nowMs = Date.UTC(2020, 0, 1)
    const headers = signedHeaders(body, { id: 'msg_1', nowMs, secret })
    const received = () => new Request('http://127.0.0.1/hook', { method: 'POST', body, headers })
    expect(await validateWebhook(received(), secret)).toBe(true)
    // which the timestamp, being signed, lets it do
    const ageS = Date.now() / 1_000 - Number(received().headers.get('webhook-timestamp'))
    expect(ageS).toBeGreaterThan(5 * 365 * 86_400)
    headers['webhook-timestamp'] = String(Math.floor(Date.now() / 1_000))
    expect(await validateWebhook(received(), secret)).toBe(false)
  })
})
