import { describe, expect, it } from 'vitest'
import { createPriceBook } from '../../src/config/prices/book.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { seededRandom } from '../../src/std/random.ts'
import { createReplicateTarget } from '../../src/targets/replicate/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { startScriptedServer } from '../../src/testing/scripted-server.ts'
import { token, official, version, community, closing, prediction, bench, isCreate, type Answer } from './bench.ts'

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

describe('what is known of a model', () => {
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
      prices: createPriceBook([]),
      token,
      baseUrl: `${server.origin}/v1`,
      clock: eagerClock(),
      random: seededRandom(1),
    })
    closing.push(target.close)
    expect(await target.describe?.('acme/p', new AbortController().signal)).toEqual({
      name: 'acme/p',
      official: false,
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
