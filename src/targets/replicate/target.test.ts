import { afterEach, describe, expect, it } from 'vitest'
import { defaultRetry } from '../../domain/definition.ts'
import { CancelledError } from '../../domain/errors.ts'
import type { CallFact, CallOutcome, CallSpec } from '../../executor/contract.ts'
import { createExecutor } from '../../executor/executor.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import { seededRandom } from '../../std/random.ts'
import { eagerClock } from '../../testing/eager-clock.ts'
import { memoryCall, type MemoryCall, type MemoryCallOptions } from '../../testing/memory-call.ts'
import {
  cut,
  type ScriptedAnswer,
  type ScriptedServer,
  type SeenRequest,
  startScriptedServer,
} from '../../testing/scripted-server.ts'
import type { OpenCall } from '../target.ts'
import type { ReplicateOptions } from './options.ts'
import { createReplicateTarget } from './target.ts'

const token = 'r8_secret_of_the_test'
const official = 'acme/writer'
const version = 'ab'.repeat(32)
const community = `acme/painter:${version}`

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Answer = (request: SeenRequest, at: number, origin: string) => ScriptedAnswer | undefined

interface Bench {
  server: ScriptedServer
  clock: ReturnType<typeof eagerClock>
  creates(): SeenRequest[]
  /** Calls through the executor, as the engine does. */
  call(model: string, input: JsonObject, options?: CallOptions): Promise<{ outcome: CallOutcome } & MemoryCall>
}

interface CallOptions extends MemoryCallOptions {
  spec?: Partial<CallSpec>
  deployment?: boolean
  before?(call: MemoryCall): void
}

const prediction = (more: JsonObject = {}): JsonObject => ({
  id: 'p1',
  model: 'acme/writer',
  version: 'hidden',
  status: 'succeeded',
  input: {},
  output: 'done',
  error: null,
  logs: '',
  data_removed: false,
  metrics: { predict_time: 1 },
  created_at: new Date(Date.UTC(2026, 0, 1)).toISOString(),
  urls: { get: 'https://example.com/p1', cancel: 'https://example.com/p1/cancel' },
  ...more,
})

/** A server where `acme/writer` is official and `acme/painter` is not; the test answers the rest. */
async function bench(answer: Answer, options: Partial<ReplicateOptions> = {}, eager_ms = 60_000): Promise<Bench> {
  const server: ScriptedServer = await startScriptedServer((request, at) => {
    const given = answer(request, at, server.origin)
    if (given) return given
    if (request.path === '/v1/models/acme/writer') return { body: { is_official: true } }
    if (request.path === '/v1/models/acme/painter')
      return { body: { is_official: false, latest_version: { id: version } } }
    return { status: 404, body: { detail: 'not scripted' } }
  })
  closing.push(server.close)
  const clock = eagerClock(eager_ms)
  const target = createReplicateTarget({
    token,
    baseUrl: `${server.origin}/v1`,
    clock,
    random: seededRandom(3),
    ...options,
  })
  closing.push(target.close)
  const executor = createExecutor({ targets: async () => target, clock, random: seededRandom(4) })
  return {
    server,
    clock,
    creates: () => server.requests.filter(({ method, path }) => method === 'POST' && path.endsWith('/predictions')),
    async call(model, input, { spec, deployment = false, before, ...more } = {}) {
      const memory = memoryCall(more)
      before?.(memory)
      const chain = [
        { name: model, target: 'replicate', model, deployment, defaults: {}, price: { usd_per_second: 0.01 } },
      ]
      const outcome = await executor.execute({ chain, input, retry: defaultRetry, ...spec }, memory.context)
      return { outcome, ...memory }
    },
  }
}

const types = (facts: CallFact[]) => facts.map((fact) => fact.type)
const isCreate = ({ method, path }: SeenRequest) => method === 'POST' && path.endsWith('/predictions')
const isGet = ({ method, path }: SeenRequest, id = 'p1') => method === 'GET' && path === `/v1/predictions/${id}`
const isList = ({ method, path }: SeenRequest) => method === 'GET' && path === '/v1/predictions'

describe('how a model is called', () => {
  it('calls official models by name, others by the version that is fixed for the run, deployments by theirs', async () => {
    const { call, creates, server } = await bench((request) =>
      isCreate(request) ? { status: 201, body: prediction() } : undefined,
    )
    const first = await call(official, { a: 1 })
    const second = await call('acme/painter', { a: 2 })
    await call(community, { a: 3 })
    await call('acme/farm', { a: 4 }, { deployment: true })
    expect(creates().map(({ path, body }) => [path, JSON.parse(body)])).toEqual([
      ['/v1/models/acme/writer/predictions', { input: { a: 1 } }],
      ['/v1/predictions', { input: { a: 2 }, version }],
      ['/v1/predictions', { input: { a: 3 }, version }],
      ['/v1/deployments/acme/farm/predictions', { input: { a: 4 } }],
    ])
    expect(first.facts[0]).toMatchObject({ type: 'model.resolved', model: official, version: 'official' })
    expect(second.facts[0]).toMatchObject({ type: 'model.resolved', model: 'acme/painter', version })
    expect(second.outcome).toMatchObject({ model: community, cost_usd: 0.01 })
    // Asked once, and not at all where the version is written.
    expect(
      server.requests.filter(({ path }) => path.startsWith('/v1/models/') && !path.endsWith('predictions')),
    ).toHaveLength(2)
  })

  it('keeps the version that the run has fixed, whatever is the latest now', async () => {
    const { call, creates } = await bench((request) =>
      isCreate(request) ? { status: 201, body: prediction() } : undefined,
    )
    const older = 'cd'.repeat(32)
    await call('acme/painter', {}, { before: ({ versions }) => versions.set('acme/painter', older) })
    expect(JSON.parse(creates()[0]?.body ?? '')).toMatchObject({ version: older })
  })

  it('journals the intent before the create leaves, and the id right after its answer', async () => {
    const order: string[] = []
    const { call } = await bench((request) => {
      if (!isCreate(request)) return undefined
      order.push('create')
      return { status: 201, body: prediction() }
    })
    await call(official, { prompt: 'x' }, { onRecord: (fact) => void order.push(fact.type) })
    expect(order).toEqual(['model.resolved', 'call.intended', 'create', 'call.created'])
  })

  it('waits a second for a quick answer, and tells the API by when to give up', async () => {
    const { call, creates } = await bench((request) =>
      isCreate(request) ? { status: 201, body: prediction() } : undefined,
    )
    await call(official, {}, { spec: { timeout_ms: 90_000 } })
    expect(creates()[0]?.headers).toMatchObject({ prefer: 'wait=1', 'cancel-after': '95s' })
  })

  it('refuses what is no name of a model without asking anybody', async () => {
    const { call, server } = await bench(() => undefined)
    for (const model of ['nonsense', 'acme/x:latest', '../../account', 'acme/..']) {
      expect((await call(model, {})).outcome).toMatchObject({ status: 'failed', error: { code: 'validation' } })
    }
    expect(server.requests).toEqual([])
  })

  it('says so when there is no such model', async () => {
    const { call } = await bench(() => undefined)
    expect((await call('acme/nobody', {})).outcome).toMatchObject({
      status: 'failed',
      error: { code: 'not_found' },
      attempts: 1,
    })
  })
})

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
      expect(() => createReplicateTarget({ token: missing, clock: eagerClock(), random: seededRandom(1) })).toThrow(
        expect.objectContaining({ code: 'missing_token' }),
      )
    }
  })
})

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

describe('a create whose answer is lost', () => {
  const listed = (id: string, input: JsonObject, more: JsonObject = {}) => prediction({ id, input, ...more })

  it('is found among recent predictions and adopted, not made again', async () => {
    let query: URLSearchParams | undefined
    const { call, creates } = await bench((request) => {
      if (isCreate(request)) return cut
      if (isList(request)) {
        query = request.query
        return { body: { next: null, results: [listed('other', { prompt: 'y' }), listed('p1', { prompt: 'x' })] } }
      }
      return isGet(request) ? { body: prediction() } : undefined
    })
    const { outcome, facts } = await call(official, { prompt: 'x' })
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 1, output: 'done' })
    expect(creates()).toHaveLength(1)
    expect(facts.find((fact) => fact.type === 'call.created')).toMatchObject({ id: 'p1', how: 'searched', matches: 1 })
    expect(query?.get('created_after')).toBe(new Date(Date.UTC(2026, 0, 1) - 5 * 60_000).toISOString())
  })

  it('is made again only after it was searched for in vain, as another attempt', async () => {
    const { call, creates, server } = await bench((request) => {
      if (isList(request)) return { body: { next: null, results: [] } }
      if (!isCreate(request)) return undefined
      return creates().length === 1 ? { status: 500, body: 'oops' } : { status: 201, body: prediction() }
    })
    const { outcome, facts } = await call(official, {})
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 2, cost_usd: 0.01 })
    const order = server.requests
      .filter((request) => isCreate(request) || isList(request))
      .map((request) => (isList(request) ? 'search' : 'create'))
    expect(order).toEqual(['create', 'search', 'search', 'search', 'create'])
    expect(types(facts)).toEqual([
      'model.resolved',
      'call.intended',
      'call.settled',
      'call.intended',
      'call.reattached',
      'call.intended',
      'call.created',
      'call.settled',
    ])
    expect(facts[2]).toMatchObject({ status: 'abandoned', error: { code: 'server' } })
  })

  it('makes as many creates as the policy has attempts when the API is down', async () => {
    const { call, creates } = await bench((request) => {
      if (isCreate(request)) return { status: 500 }
      return isList(request) ? { body: { results: [] } } : undefined
    })
    const { outcome } = await call(official, {}, { spec: { retry: { ...defaultRetry, attempts: 4 } } })
    expect(outcome).toMatchObject({ status: 'failed', attempts: 4, cost_usd: 0 })
    expect(creates()).toHaveLength(4)
  })

  it('leaves the cost unknown when not even a search was possible', async () => {
    const { call, creates } = await bench((request) => (isCreate(request) || isList(request) ? cut : undefined))
    const { outcome } = await call(official, {}, { spec: { retry: { ...defaultRetry, attempts: 3 } } })
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'network' }, cost_usd: null })
    // It was never asked for again blindly.
    expect(creates()).toHaveLength(1)
  })

  it('is simply tried again when no connection was made', async () => {
    const { call, server, creates } = await bench(() => undefined)
    await server.close()
    const { outcome } = await call(community, {})
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'network' }, attempts: 3, cost_usd: 0 })
    expect(creates()).toEqual([])
  })

  it('does not follow pages to another host, and stops at the window', async () => {
    const elsewhere = await startScriptedServer(() => ({ body: { results: [] } }))
    closing.push(elsewhere.close)
    const old = { created_at: '2025-12-31T20:00:00Z' }
    let lists = 0
    const { call } = await bench((request, _at, origin) => {
      if (isCreate(request)) return creates(request)
      if (!isList(request)) return undefined
      lists += 1
      if (request.query.get('cursor') === 'c2')
        return { body: { next: `${origin}/v1/predictions?cursor=c3`, results: [listed('old', { prompt: 'x' }, old)] } }
      return { body: { next: `${elsewhere.origin}/v1/predictions?cursor=c2`, results: [listed('z', { prompt: 'z' })] } }
    })
    let first = true
    function creates(_request: SeenRequest): ScriptedAnswer {
      if (!first) return { status: 201, body: prediction() }
      first = false
      return cut
    }
    expect((await call(official, { prompt: 'x' })).outcome).toMatchObject({ status: 'succeeded', attempts: 2 })
    expect(lists).toBe(6)
    expect(elsewhere.requests).toEqual([])
  })
})

describe('taking up a call of an earlier process', () => {
  const at = Date.UTC(2026, 0, 1)
  const open = (more: Partial<OpenCall> = {}) => ({
    prior: {
      calls: 1,
      open: { call: 1, candidate: 0, model: official, body: { input: { prompt: 'x' } }, intended_at: at, ...more },
    },
    before: ({ versions }: MemoryCall) => void versions.set(official, 'official'),
  })

  it('asks for a known id and adopts what it put out; nothing is created', async () => {
    const { call, creates } = await bench((request) => (isGet(request) ? { body: prediction() } : undefined))
    const { outcome, facts } = await call(official, { prompt: 'x' }, open({ id: 'p1' }))
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'done', cost_usd: 0.01 })
    expect(facts[0]).toMatchObject({ type: 'call.reattached', call: 1, how: 'known_id', id: 'p1' })
    expect(creates()).toEqual([])
  })

  it('goes on waiting for one that still runs', async () => {
    let gets = 0
    const { call, creates } = await bench((request) => {
      if (!isGet(request)) return undefined
      gets += 1
      return { body: gets < 4 ? prediction({ status: 'processing', output: null }) : prediction() }
    })
    expect((await call(official, {}, open({ id: 'p1' }))).outcome.status).toBe('succeeded')
    expect(creates()).toEqual([])
  })

  it('searches when there is no id: same model and input, newest first, unclaimed, all matches recorded', async () => {
    const { call, creates } = await bench((request) => {
      if (isList(request)) {
        const same = { input: { prompt: 'x' } }
        return {
          body: {
            next: null,
            results: [
              prediction({ id: 'taken', ...same }),
              prediction({ id: 'p1', ...same }),
              prediction({ id: 'older', ...same }),
              prediction({ id: 'elsewhere', ...same, model: 'acme/other' }),
              prediction({ id: 'deployed', ...same, deployment: 'acme/farm' }),
              prediction({ id: 'removed', input: {}, data_removed: true }),
            ],
          },
        }
      }
      return isGet(request) ? { body: prediction() } : undefined
    })
    const options = open()
    const { outcome, facts } = await call(
      official,
      { prompt: 'x' },
      {
        ...options,
        before: (memory) => {
          options.before(memory)
          memory.claimed.add('taken')
        },
      },
    )
    expect(outcome.status).toBe('succeeded')
    expect(creates()).toEqual([])
    expect(facts.slice(0, 2)).toMatchObject([
      { type: 'call.reattached', how: 'searched', id: 'p1' },
      { type: 'call.created', how: 'searched', id: 'p1', matches: 3 },
    ])
  })

  it('compares masked inputs, and files by their content', async () => {
    const { call, creates } = await bench((request) => {
      if (isList(request)) {
        const input = { key: 'hunter2', image: 'data:image/png;base64,AQID' }
        return { body: { next: null, results: [prediction({ id: 'p1', input })] } }
      }
      return isGet(request) ? { body: prediction() } : undefined
    })
    const mask = <T extends Json>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('hunter2', '***')) as T
    const hash = '039058c6f2c0cb492c533b0a4d14ef77cc0f78abccced5287d84a1a2011cfb81'
    const body = { input: { key: '***', image: `artifact:${hash}/photo.png` } }
    const { outcome } = await call(official, {}, { ...open({ body }), mask })
    expect(outcome.status).toBe('succeeded')
    expect(creates()).toEqual([])
  })

  it('creates it when it is nowhere to be found, and says so', async () => {
    const { call, creates } = await bench((request) => {
      if (isCreate(request)) return { status: 201, body: prediction() }
      return isList(request) ? { body: { next: null, results: [] } } : undefined
    })
    const { facts } = await call(official, { prompt: 'x' }, open())
    expect(types(facts)).toEqual(['call.reattached', 'call.intended', 'call.created', 'call.settled'])
    expect(facts[0]).toMatchObject({ how: 'not_found', call: 1 })
    expect(creates()).toHaveLength(1)
  })

  it('creates it again when its data is gone, says so, and counts both costs', async () => {
    const { call, creates } = await bench((request) => {
      if (isCreate(request)) return { status: 201, body: prediction({ id: 'p2' }) }
      return isGet(request)
        ? { body: prediction({ output: null, data_removed: true, input: {}, metrics: { predict_time: 4 } }) }
        : undefined
    })
    const { outcome, facts, progress } = await call(official, { prompt: 'x' }, open({ id: 'p1' }))
    expect(outcome).toMatchObject({ status: 'succeeded', cost_usd: 0.05 })
    expect(facts[0]).toMatchObject({ type: 'call.reattached', how: 'lost', id: 'p1' })
    expect(progress[0]?.status).toMatch(/paid for, again/)
    expect(creates()).toHaveLength(1)
  })

  it('takes an unknown id as an error while its data should still be there, and as gone later', async () => {
    const script: Answer = (request) =>
      isCreate(request) ? { status: 201, body: prediction({ id: 'p2' }) } : undefined
    const recent = await bench(script)
    const soon = await recent.call(official, {}, open({ id: 'p1', intended_at: at - 60_000 }))
    expect(soon.outcome).toMatchObject({ status: 'failed', error: { code: 'not_found' } })
    expect(recent.creates()).toEqual([])
    const later = await bench(script)
    expect((await later.call(official, {}, open({ id: 'p1', intended_at: at - 3_700_000 }))).outcome.status).toBe(
      'succeeded',
    )
    expect(later.creates()).toHaveLength(1)
  })

  it('keeps the call open when the API can not be reached or the token is refused', async () => {
    const { call, creates } = await bench((request) => (isGet(request) ? { status: 401, body: {} } : undefined))
    const { outcome, facts } = await call(official, {}, open({ id: 'p1' }))
    expect(outcome).toMatchObject({ status: 'stopped', error: { code: 'authentication' } })
    expect(facts).toEqual([])
    const down = await bench((request) => (isGet(request) ? cut : undefined))
    const failed = await down.call(official, {}, open({ id: 'p1' }))
    expect(failed.outcome).toMatchObject({ status: 'failed', error: { code: 'network' }, cost_usd: null })
    expect([...creates(), ...down.creates()]).toEqual([])
  })
})

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

describe('files', () => {
  const png = Buffer.from('89504e470d0a1a0a', 'hex')
  const file = (): ScriptedAnswer => (response) => {
    response.writeHead(200, { 'content-type': 'image/png' })
    response.end(png)
  }

  it('keeps what links and data URIs of an output name, each once, and leaves other links alone', async () => {
    const { call, server } = await bench((request, _at, origin) => {
      if (isCreate(request)) {
        const output = {
          best: `${origin}/delivery/1/out.png`,
          all: [`${origin}/delivery/1/out.png`, 'data:text/plain;base64,aGk='],
          seen: 'https://example.com/page',
          text: `see ${origin}/delivery/2`,
        }
        return { status: 201, body: prediction({ output }) }
      }
      return request.path === '/delivery/1/out.png' ? file() : undefined
    })
    const { outcome } = await call(official, {})
    expect(outcome).toMatchObject({
      files: [
        { name: 'draw-0.png', bytes: 8, media_type: 'image/png' },
        { name: 'draw-1.txt', bytes: 2, media_type: 'text/plain' },
      ],
    })
    const [first, second] = outcome.status === 'succeeded' ? outcome.files : []
    expect(outcome).toMatchObject({
      output: {
        best: `artifact:${first?.sha256}/draw-0.png`,
        all: [`artifact:${first?.sha256}/draw-0.png`, `artifact:${second?.sha256}/draw-1.txt`],
        seen: 'https://example.com/page',
        text: expect.stringContaining('/delivery/2') as string,
      },
    })
    expect(server.requests.filter(({ path }) => path.startsWith('/delivery'))).toHaveLength(1)
  })

  it('downloads again, without creating again, when a download breaks or is refused for a while', async () => {
    let downloads = 0
    const { call, creates } = await bench((request, _at, origin) => {
      if (isCreate(request)) return { status: 201, body: prediction({ output: [`${origin}/delivery/1/out.png`] }) }
      if (!request.path.startsWith('/delivery')) return undefined
      downloads += 1
      if (downloads === 1) return { status: 503 }
      if (downloads === 2) {
        return (response) => {
          response.writeHead(200, { 'content-type': 'image/png', 'content-length': '8' })
          response.write(png.subarray(0, 4), () => response.socket?.destroy())
        }
      }
      return file()
    })
    const { outcome, files } = await call(official, {})
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 1 })
    expect(files.kept.map(({ bytes }) => bytes)).toEqual([8])
    expect(downloads).toBe(3)
    expect(creates()).toHaveLength(1)
  })

  it('asks for the same prediction again when downloads keep failing, and never makes another', async () => {
    let downloads = 0
    const { call, creates, server } = await bench((request, _at, origin) => {
      const body = prediction({ output: `${origin}/delivery/1/out.png` })
      if (isCreate(request)) return { status: 201, body }
      if (isGet(request)) return { body }
      if (!request.path.startsWith('/delivery')) return undefined
      downloads += 1
      return downloads < 9 ? { status: 502 } : file()
    })
    const { outcome, facts } = await call(official, {})
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 2, cost_usd: 0.01 })
    expect(creates()).toHaveLength(1)
    expect(server.requests.filter((request) => isGet(request))).toHaveLength(1)
    expect(facts.find((fact) => fact.type === 'call.reattached')).toMatchObject({ call: 2, how: 'known_id' })
  })

  it('refuses a file that is too large, though the prediction was paid for', async () => {
    const { call, creates } = await bench(
      (request, _at, origin) => {
        if (isCreate(request)) return { status: 201, body: prediction({ output: `${origin}/delivery/1/out.png` }) }
        return request.path.startsWith('/delivery') ? file() : undefined
      },
      { max_file_bytes: 7 },
    )
    expect((await call(official, {})).outcome).toMatchObject({
      status: 'failed',
      error: { code: 'file_too_large' },
      cost_usd: 0.01,
    })
    expect(creates()).toHaveLength(1)
  })

  it('uploads large inputs once a run, journals the link before the create, and sends the link', async () => {
    const large = new Uint8Array(300_000).fill(7)
    const link = (origin: string) => `${origin}/v1/files/f1`
    let form = ''
    const { call, creates, server } = await bench((request, _at, origin) => {
      if (request.path === '/v1/files') {
        form = request.body.slice(0, 2_000)
        return { status: 201, body: { id: 'f1', urls: { get: link(origin) } } }
      }
      return isCreate(request) ? { status: 201, body: prediction() } : undefined
    })
    let uri = ''
    const hold = ({ files }: MemoryCall) => {
      const held = files.hold(large, 'big photo.png', 'image/png')
      uri = `artifact:${held.sha256}/big%20photo.png`
    }
    hold(memoryCall())
    const { facts } = await call(official, { image: uri }, { before: hold })
    expect(types(facts)).toEqual(['model.resolved', 'call.uploaded', 'call.intended', 'call.created', 'call.settled'])
    expect(JSON.parse(creates()[0]?.body ?? '')).toEqual({ input: { image: link(server.origin) } })
    expect(facts[2]).toMatchObject({ body: { input: { image: link(server.origin) } } })
    expect(form).toContain('name="content"; filename="big photo.png"')
    expect(form).toContain('image/png')
    expect(form).not.toContain(token)
  })

  it('uses an upload of an earlier process while it is there, and uploads again when it is gone', async () => {
    const large = new Uint8Array(300_000).fill(7)
    let there = true
    let uploads = 0
    const { call, creates, server } = await bench((request, _at, origin) => {
      if (request.path === '/v1/files/f0')
        return there ? { body: { id: 'f0', expires_at: null } } : { status: 404, body: {} }
      if (request.path === '/v1/files') {
        uploads += 1
        return { status: 201, body: { id: 'f1', urls: { get: `${origin}/v1/files/f1` } } }
      }
      return isCreate(request) ? { status: 201, body: prediction() } : undefined
    })
    const earlier = `${server.origin}/v1/files/f0`
    const before = (memory: MemoryCall) => {
      const held = memory.files.hold(large, 'a.png', 'image/png')
      Object.assign(memory.context.files, { uploadOf: (hash: string) => (hash === held.sha256 ? earlier : undefined) })
    }
    const held = memoryCall().files.hold(large, 'a.png')
    await call(official, { image: `artifact:${held.sha256}/a.png` }, { before })
    expect(uploads).toBe(0)
    there = false
    const other = createReplicateTarget({
      token,
      baseUrl: `${server.origin}/v1`,
      clock: eagerClock(),
      random: seededRandom(1),
    })
    closing.push(other.close)
    const executor = createExecutor({ targets: async () => other, clock: eagerClock(), random: seededRandom(1) })
    const memory = memoryCall()
    before(memory)
    const chain = [{ name: official, target: 'replicate', model: official, deployment: false, defaults: {} }]
    await executor.execute(
      { chain, input: { image: `artifact:${held.sha256}/a.png` }, retry: defaultRetry },
      memory.context,
    )
    expect(uploads).toBe(1)
    expect(creates().map(({ body }) => JSON.parse(body) as Json)).toEqual([
      { input: { image: earlier } },
      { input: { image: `${server.origin}/v1/files/f1` } },
    ])
  })
})

describe('text in pieces', () => {
  const pieces =
    (schema: JsonObject): Answer =>
    (request) => {
      if (isCreate(request)) return { status: 201, body: prediction({ output: ['Hel', 'lo'] }) }
      if (request.path !== '/v1/models/acme/writer') return undefined
      return {
        body: {
          is_official: true,
          latest_version: { id: version, openapi_schema: { components: { schemas: { Output: schema } } } },
        },
      }
    }

  it('is one text where the model says that they belong together, a list where it does not', async () => {
    const joined = await bench(
      pieces({
        type: 'array',
        items: { type: 'string' },
        'x-cog-array-type': 'iterator',
        'x-cog-array-display': 'concatenate',
      }),
    )
    expect((await joined.call(official, {})).outcome).toMatchObject({ output: 'Hello' })
    const listed = await bench(pieces({ type: 'array', items: { type: 'string' } }))
    expect((await listed.call(official, {})).outcome).toMatchObject({ output: ['Hel', 'lo'] })
  })
})

describe('describe', () => {
  it('gives the schemas with what they refer to in place', async () => {
    const schemas = {
      Input: {
        type: 'object',
        properties: {
          size: { allOf: [{ $ref: '#/components/schemas/size' }], default: 'S' },
          self: { $ref: '#/components/schemas/Input' },
        },
      },
      Output: { type: 'string', format: 'uri' },
      size: { type: 'string', enum: ['S', 'L'] },
    }
    const model = {
      is_official: false,
      description: 'Paints',
      run_count: 5,
      url: 'https://replicate.com/acme/p',
      latest_version: { id: version, openapi_schema: { components: { schemas } } },
    }
    const server = await startScriptedServer(() => ({ body: model }))
    closing.push(server.close)
    const target = createReplicateTarget({
      token,
      baseUrl: `${server.origin}/v1`,
      clock: eagerClock(),
      random: seededRandom(1),
    })
    closing.push(target.close)
    expect(await target.describe?.('acme/p', new AbortController().signal)).toEqual({
      name: 'acme/p',
      description: 'Paints',
      run_count: 5,
      url: 'https://replicate.com/acme/p',
      version,
      input_schema: {
        type: 'object',
        properties: { size: { type: 'string', enum: ['S', 'L'], default: 'S' }, self: {} },
      },
      output_schema: { type: 'string', format: 'uri' },
    })
  })
})
