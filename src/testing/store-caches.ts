/** What a store promises about the cache of results. */
import assert from 'node:assert/strict'
import type { CachePool } from '../domain/cache.ts'
import type { Store } from '../state/store/contract.ts'
import { cache, cached, emptyBatch, type StorePromise } from './store-samples.ts'

/** Of these keys, those that are there. */
async function there(store: Store, ...keys: string[]): Promise<string> {
  const found = await Promise.all(keys.map((key) => store.cacheGet('real', key)))
  return keys.filter((_key, at) => found[at] && 'key' in found[at]).join('')
}

const yes = { now: 1_000, most: 100 }

export const cachingPromises: Record<string, StorePromise> = {
  'keeps what was cached as it was, for every process': async ({ store, another }) => {
    const entry = cached('k', {
      ...{ version: 'f'.repeat(64), parts: { a: 'é', b: '' }, value: '{"output":"\\u0000é"}', bytes: 1e12 },
      ...{ cost_usd: 0.5, latency_ms: 1.5, score: 0.25, run_id: 'r', step: 's' },
      ...{ created_at: 1e12, expires_at: 2e12, used_at: 3e12, uses: 7 },
    })
    await cache(store, entry, cached('plain'))
    const other = await another()
    assert.deepEqual(await other.cacheGet('real', 'k'), entry)
    assert.deepEqual(await other.cacheGet('real', 'plain'), cached('plain'))
    assert.equal(await other.cacheGet('real', 'nothing'), undefined)
    await cache(other, cached('k', { value: 'new', created_at: 3e12 }))
    assert.deepEqual(await store.cacheGet('real', 'k'), cached('k', { value: 'new', created_at: 3e12 }))
  },

  'keeps scopes apart': async ({ store }) => {
    await cache(store, cached('k'))
    const other = cached('k', { value: '2' })
    await store.cacheWrite('sandbox', { ...emptyBatch, put: [other] }, 1)
    assert.deepEqual(await store.cacheGet('sandbox', 'k'), other)
    assert.deepEqual(await store.cacheGet('real', 'k'), cached('k'))
    await store.cacheClear('sandbox', {}, 1, false)
    assert.equal(await there(store, 'k'), 'k')
    assert.deepEqual(await store.cacheShares('sandbox'), [])
    await store.cacheEvict('sandbox', [], { max_entries: 0 }, yes.now, yes.most)
    assert.equal(await there(store, 'k'), 'k')
  },

  'counts uses and what came of calls, from several processes': async ({ store, another }) => {
    const other = await another()
    await cache(store, cached('k', { used_at: 50 }))
    const count = { agent: 'a', model: 'm', hits: 2, misses: 1, saved_usd: 0.5, unknown_hits: 1, saved_ms: 10 }
    for (const each of [store, other])
      await each.cacheWrite('real', { ...emptyBatch, used: [{ key: 'k', times: 2, at: 40 }], counts: [count] }, 1)
    await other.cacheWrite(
      'real',
      {
        ...emptyBatch,
        used: [
          { key: 'k', times: 1, at: 90 },
          { key: 'gone', times: 1, at: 1 },
        ],
      },
      1,
    )
    assert.deepEqual(await store.cacheGet('real', 'k'), cached('k', { used_at: 90, uses: 5 }))
    const twice = { agent: 'a', model: 'm', hits: 4, misses: 2, saved_usd: 1, unknown_hits: 2, saved_ms: 20 }
    assert.deepEqual(await store.cacheCounts('real'), [twice])
    assert.deepEqual(await store.cacheCounts('sandbox'), [])
  },

  'remembers why something is there no more, until it is there again': async ({ store }) => {
    await cache(store, cached('a', { expires_at: 500 }), cached('b', { used_at: 2 }), cached('c', { used_at: 3 }))
    await cache(store, cached('d', { agent: 'other', used_at: 9 }))
    await store.cacheEvict('real', [], { max_entries: 2 }, yes.now, yes.most)
    await store.cacheClear('real', { agent: 'other' }, 1_001, false)
    await store.cacheWrite('real', { ...emptyBatch, dropped: [{ key: 'c', why: 'file_gone', created_at: 1 }] }, 1_002)
    assert.deepEqual(await store.cacheGet('real', 'a'), { gone: 'expired', at: 1_000 })
    assert.deepEqual(await store.cacheGet('real', 'b'), { gone: 'evicted', at: 1_000 })
    assert.deepEqual(await store.cacheGet('real', 'd'), { gone: 'cleared', at: 1_001 })
    assert.deepEqual(await store.cacheGet('real', 'c'), { gone: 'file_gone', at: 1_002 })
    await cache(store, cached('b'))
    assert.deepEqual(await store.cacheGet('real', 'b'), cached('b'))
    // What was put anew in the meantime stays.
    await store.cacheWrite('real', { ...emptyBatch, dropped: [{ key: 'b', why: 'damaged', created_at: 0 }] }, 1)
    assert.equal(await there(store, 'b'), 'b')
  },

  'evicts by the policy of each pool, and of all by use, so much at a time': async ({ store }) => {
    const fill = async (agent: string, prefix: string) =>
      cache(
        store,
        cached(`${prefix}1`, { agent, created_at: 1, used_at: 9, uses: 3, expires_at: 9_999, bytes: 10 }),
        cached(`${prefix}2`, { agent, created_at: 2, used_at: 5, uses: 1, expires_at: 5_000, bytes: 10 }),
        cached(`${prefix}3`, { agent, created_at: 3, used_at: 4, uses: 9, bytes: 10 }),
      )
    const names = ['l1', 'l2', 'l3', 'f1', 'f2', 'f3', 'o1', 'o2', 'o3', 't1', 't2', 't3']
    await fill('l', 'l')
    await fill('f', 'f')
    await fill('o', 'o')
    await fill('t', 't')
    const pools: CachePool[] = [
      { agent: 'l', policy: 'lru', max_entries: 2 },
      { agent: 'f', policy: 'lfu', max_bytes: 20 },
      { agent: 'o', policy: 'fifo', max_bytes: 29 },
      { agent: 't', policy: 'ttl', max_entries: 2 },
    ]
    assert.equal(await store.cacheEvict('real', pools, {}, yes.now, yes.most), 4)
    assert.equal(await there(store, ...names), 'l1l2f1f3o2o3t1t3')
    assert.equal(await store.cacheEvict('real', pools, {}, yes.now, yes.most), 0)
    assert.equal(await store.cacheEvict('real', [], { max_bytes: 50 }, yes.now, 2), 2)
    assert.equal(await store.cacheEvict('real', [], { max_bytes: 50 }, yes.now, 2), 1)
    assert.equal(await there(store, ...names), 'l1l2f1o2t1')
  },

  'clears what is chosen, and says what that is or would be': async ({ store }) => {
    await cache(
      store,
      cached('a', { agent: 'x', model: 'm/one', version: 'v1', created_at: 10, run_id: 'r1', step: 's' }),
      cached('b', { agent: 'x', model: 'm/one', version: 'v2', created_at: 20, run_id: 'r1', step: 't' }),
      cached('c', { agent: 'y', model: 'm/two', created_at: 30, run_id: 'r2', step: 's' }),
    )
    const would = async (choice: Parameters<Store['cacheClear']>[1]) =>
      (await store.cacheClear('real', choice, 1, true)).reduce((sum, { entries }) => sum + entries, 0)
    assert.equal(await would({}), 3)
    assert.equal(await would({ agent: 'x' }), 2)
    assert.equal(await would({ model: 'm/one' }), 2)
    assert.equal(await would({ model: 'm/one:v2' }), 1)
    assert.equal(await would({ before: 30 }), 2)
    assert.equal(await would({ run_id: 'r1', step: 's' }), 1)
    assert.equal(await would({ agent: 'y', model: 'm/one' }), 0)
    assert.equal(await there(store, 'a', 'b', 'c'), 'abc')
    const gone = await store.cacheClear('real', { agent: 'x', before: 20 }, 1, false)
    assert.deepEqual(gone, [{ agent: 'x', model: 'm/one', entries: 1, bytes: 40 }])
    assert.equal(await there(store, 'a', 'b', 'c'), 'bc')
  },

  'finds the newest of a model': async ({ store }) => {
    const of = (key: string, created_at: number, more = {}) => cached(key, { created_at, ...more })
    await cache(store, of('a', 1), of('b', 3), of('c', 2), of('d', 9, { model: 'm/x' }), of('e', 9, { target: 't' }))
    const near = await store.cacheNear('real', 'replicate', 'acme/x', 2)
    assert.deepEqual(near, [cached('b', { created_at: 3, value: '' }), cached('c', { created_at: 2, value: '' })])
  },
}
