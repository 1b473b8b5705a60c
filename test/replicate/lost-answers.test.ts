import { describe, expect, it } from 'vitest'
import { defaultRetry } from '../../src/domain/definition.ts'
import type { JsonObject } from '../../src/std/json.ts'
import { cut, type ScriptedAnswer, type SeenRequest, startScriptedServer } from '../../src/testing/scripted-server.ts'
import { official, community, closing, prediction, bench, types, isCreate, isGet, isList } from './bench.ts'

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

  it('hands its prediction over when a search for an equal call has taken it, and takes the one that was looked for', async () => {
    const { call, creates } = await bench((request) => {
      if (isCreate(request)) return { status: 201, body: prediction({ status: 'starting', output: null }) }
      const same = { input: { prompt: 'x' } }
      if (isList(request)) return { body: { results: [listed('p1', same.input), listed('p2', same.input)] } }
      return undefined
    })
    const { outcome, facts } = await call(official, { prompt: 'x' }, { before: ({ claimed }) => claimed.add('p1') })
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 1 })
    expect(creates()).toHaveLength(1)
    expect(facts.filter((fact) => fact.type === 'call.created').at(-1)).toMatchObject({ id: 'p2', how: 'searched' })
  })
})
