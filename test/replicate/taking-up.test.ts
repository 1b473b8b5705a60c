import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/std/json.ts'
import type { OpenCall } from '../../src/targets/target.ts'
import type { MemoryCall } from '../../src/testing/memory-call.ts'
import { cut } from '../../src/testing/scripted-server.ts'
import { official, prediction, bench, types, isCreate, isGet, isList, type Answer } from './bench.ts'

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

  it('finds what was journaled by a clock that has been set back since', async () => {
    const { call, creates } = await bench((request) => {
      if (isList(request)) {
        const after = Date.parse(request.query.get('created_after') ?? '')
        return { body: { next: null, results: after < at ? [prediction({ input: { prompt: 'x' } })] : [] } }
      }
      return isGet(request) ? { body: prediction() } : undefined
    })
    const { outcome } = await call(official, { prompt: 'x' }, open({ intended_at: at + 3_600_000 }))
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'done' })
    expect(creates()).toEqual([])
  })

  it('exchanges a known id that an equal call has claimed for the one that nobody has', async () => {
    const same = { input: { prompt: 'x' } }
    const { call, creates } = await bench((request) => {
      if (isList(request))
        return { body: { next: null, results: [prediction({ id: 'p1', ...same }), prediction({ id: 'p2', ...same })] } }
      return isGet(request) ? { body: prediction({ id: request.path.split('/').at(-1) ?? '' }) } : undefined
    })
    const before = ({ versions, claimed }: MemoryCall) => {
      versions.set(official, 'official')
      claimed.add('p1')
    }
    const { facts } = await call(official, { prompt: 'x' }, { ...open({ id: 'p1' }), before })
    expect(facts.find(({ type }) => type === 'call.created')).toMatchObject({ id: 'p2', how: 'searched' })
    expect(creates()).toEqual([])
  })

  it('claims what it made only once its id is journaled: a crash in between loses it to nobody', async () => {
    const { call } = await bench((request) => {
      if (isCreate(request)) return { body: prediction({ id: 'p1' }) }
      return isGet(request) ? { body: prediction({ id: 'p1' }) } : undefined
    })
    const journaled: boolean[] = []
    const before = ({ versions, context, facts }: MemoryCall) => {
      versions.set(official, 'official')
      const { claim } = context
      context.claim = (id) => {
        journaled.push(facts.some((fact) => fact.type === 'call.created' && fact.id === id))
        return claim(id)
      }
    }
    expect((await call(official, { prompt: 'x' }, { before })).outcome.status).toBe('succeeded')
    expect(journaled).toEqual([true])
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
