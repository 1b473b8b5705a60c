/** What a store promises about runs, definitions, journals and the cache. */
import assert from 'node:assert/strict'
import { StoreError } from '../domain/errors.ts'
import type { Store } from '../state/store/contract.ts'
import { ada, record, event, make, refusedWith, seqs, type StorePromise } from './store-samples.ts'

export const keepingPromises: Record<string, StorePromise> = {
  'gives an id to one of several that want it at once': async ({ store, another }) => {
    const stores = [store, await another(), store, await another()]
    const made = await Promise.all(
      stores.map((each) => each.createRun(record('r1'), { hash: 'h', json: '{}' }, [event(1)], ada)),
    )
    assert.equal(made.filter((lease) => lease !== false).length, 1)
  },

  'knows nothing of what is not there': async ({ store }) => {
    assert.equal(await store.getRun('nobody'), undefined)
    assert.equal(await store.getDefinition('nothing'), undefined)
    assert.equal(await store.getLease('nobody'), undefined)
    assert.deepEqual(await store.readEvents('nobody'), [])
    assert.deepEqual(await store.pendingCommands('nobody'), [])
  },

  'finds runs by the beginning of their id, newest first, taking it literally': async ({ store }) => {
    await make(store, 'ab1', { created_at: 1 })
    await make(store, 'ab2', { created_at: 3 })
    await make(store, 'AB3', { created_at: 2 })
    await make(store, 'a%b', { created_at: 4 })
    await make(store, 'ä_c', { created_at: 5 })
    assert.deepEqual(await store.findRuns('ab', 10), ['ab2', 'ab1'])
    assert.deepEqual(await store.findRuns('ab', 1), ['ab2'])
    assert.deepEqual(await store.findRuns('a%', 10), ['a%b'])
    assert.deepEqual(await store.findRuns('ä_', 10), ['ä_c'])
    assert.deepEqual(await store.findRuns('_', 10), [])
    assert.equal((await store.findRuns('', 10)).length, 5)
  },

  'lists runs newest first, without children unless asked for': async ({ store }) => {
    await make(store, 'r1', { created_at: 10 })
    await make(store, 'r2', { created_at: 20, workflow: 'other' })
    await make(store, 'r3', { created_at: 30, status: 'failed' })
    await make(store, 'c1', { created_at: 40, parent_run_id: 'r1' })
    const list = async (filter: Parameters<Store['listRuns']>[0]): Promise<string[]> =>
      (await store.listRuns(filter)).map((run) => run.run_id)
    assert.deepEqual(await list({}), ['r3', 'r2', 'r1'])
    assert.deepEqual(await list({ limit: 2 }), ['r3', 'r2'])
    assert.deepEqual(await list({ status: 'running' }), ['r2', 'r1'])
    assert.deepEqual(await list({ workflow: 'other' }), ['r2'])
    assert.deepEqual(await list({ before: 20 }), ['r1'])
    assert.deepEqual(await list({ parent_run_id: 'r1' }), ['c1'])
  },

  'gives all runs page by page, nested ones too, none twice and none left out': async ({ store }) => {
    for (const [at, id] of ['r1', 'r2', 'r3', 'r4', 'r5'].entries())
      await make(store, id, { created_at: at < 4 ? 10 : 20 })
    await make(store, 'r1.a', { created_at: 10, parent_run_id: 'r1' })
    const seen: string[] = []
    let after: { created_at: number; run_id: string } | undefined
    for (let pages = 0; pages < 10; pages += 1) {
      const page = await store.listRuns({ nested: true, limit: 2, ...(after && { after }) })
      seen.push(...page.map((run) => run.run_id))
      after = page.at(-1)
      if (!after) break
    }
    assert.deepEqual(seen, ['r5', 'r4', 'r3', 'r2', 'r1.a', 'r1'])
  },

  'lists runs of one world, and those that something happened to lately': async ({ store }) => {
    const lease = await make(store, 'r1', { sandbox: false, updated_at: 10 })
    await make(store, 'r2', { sandbox: true, updated_at: 1_500 })
    const list = async (filter: Parameters<Store['listRuns']>[0]): Promise<string[]> =>
      (await store.listRuns(filter)).map((run) => run.run_id)
    assert.deepEqual(await list({ sandbox: false }), ['r1'])
    assert.deepEqual(await list({ sandbox: true }), ['r2'])
    assert.deepEqual(await list({ touched_since: 1_500 }), ['r2'])
    await store.append(lease, [event(2, 'test', 2_000)])
    assert.deepEqual(await list({ touched_since: 1_501 }), ['r1'])
  },

  'keeps a definition that is put again': async ({ store, another }) => {
    await store.putDefinition('h', '{"b":2}')
    await (await another()).putDefinition('h', '{"b":2}')
    assert.equal(await store.getDefinition('h'), '{"b":2}')
  },

  'appends events and gives them back in order, whole': async ({ store, another }) => {
    const lease = await make(store, 'r1')
    const odd = 'é\u0000\u2028"\\\ud83d\ude00 ' + 'x'.repeat(100_000)
    await store.append(lease, [event(2, odd), event(3)])
    await store.append(lease, [event(4)])
    const other = await another()
    assert.deepEqual(await other.readEvents('r1'), [event(1), event(2, odd), event(3), event(4)])
    assert.deepEqual(seqs(await other.readEvents('r1', 2)), [3, 4])
    assert.deepEqual(seqs(await other.readEvents('r1', 1, 2)), [2, 3])
    assert.deepEqual(seqs(await other.readEvents('r1', 4)), [])
    assert.deepEqual(seqs(await other.readEvents('r1', 0, 0)), [])
  },

  'gives back a long journal without a gap': async ({ store }) => {
    const lease = await make(store, 'r1')
    const rest = Array.from({ length: 9_999 }, (_each, at) => event(at + 2))
    await store.append(lease, rest)
    assert.deepEqual(seqs(await store.readEvents('r1')), [1, ...seqs(rest)])
    assert.equal((await store.readEvents('r1', 1, 8_000)).length, 8_000)
  },

  'moves the row of a run on with its events': async ({ store }) => {
    const lease = await make(store, 'r1')
    await store.append(lease, [event(2, 'x', 5_000)], {
      status: 'waiting',
      waiting_for: 'approval',
      cost_usd: null,
      attempt: 2,
    })
    const waiting = await store.getRun('r1')
    assert.deepEqual(
      waiting,
      record('r1', {
        status: 'waiting',
        waiting_for: 'approval',
        cost_usd: null,
        attempt: 2,
        seq: 2,
        updated_at: 5_000,
      }),
    )
    await store.append(lease, [event(3, 'x', 6_000)], {
      status: 'running',
      waiting_for: undefined,
      cost_usd: 0.25,
      definition_hash: 'new',
    })
    const running = await store.getRun('r1')
    assert.deepEqual(
      running,
      record('r1', { attempt: 2, cost_usd: 0.25, definition_hash: 'new', seq: 3, updated_at: 6_000 }),
    )
  },

  'refuses events that are there already, that leave a gap, or that are out of order': async ({ store }) => {
    const lease = await make(store, 'r1')
    await store.append(lease, [event(2), event(3)])
    const wrong = [[event(3)], [event(2), event(3), event(4)], [event(5)], [event(4), event(6)], [event(4), event(4)]]
    for (const events of wrong) {
      await assert.rejects(store.append(lease, events, { status: 'failed' }), refusedWith('store'))
    }
    assert.deepEqual(seqs(await store.readEvents('r1')), [1, 2, 3])
    assert.deepEqual([(await store.getRun('r1'))?.seq, (await store.getRun('r1'))?.status], [3, 'running'])
    await store.append(lease, [event(4)])
  },

  'refuses events of a run that is not there': async ({ store }) => {
    await assert.rejects(store.append({ run_id: 'nobody', token: 1 }, [event(1)]), StoreError)
    await assert.rejects(
      store.acquireLease('nobody', ada, () => true),
      StoreError,
    )
  },

  'keeps the order of appends that are asked for at once': async ({ store }) => {
    const lease = await make(store, 'r1')
    const appends = Array.from({ length: 300 }, (_each, at) => store.append(lease, [event(at + 2)]))
    await Promise.all(appends)
    assert.deepEqual(
      seqs(await store.readEvents('r1')),
      Array.from({ length: 301 }, (_each, at) => at + 1),
    )
    assert.equal((await store.getRun('r1'))?.seq, 301)
  },

  'shows nothing of a write before it is committed': async ({ store }) => {
    const lease = await make(store, 'r1')
    let acknowledged = 1
    const writing = (async () => {
      for (let seq = 2; seq <= 40; seq += 2) {
        await store.append(lease, [event(seq), event(seq + 1)])
        await store.sendCommand('r1', { type: 'pause', by: String(seq) })
        acknowledged = seq + 1
      }
    })()
    while (acknowledged < 41) {
      const atLeast = acknowledged
      const found = await store.readEvents('r1')
      assert.ok(
        found.length % 2 === 1 && found.length >= atLeast,
        `${found.length} events after ${atLeast} were acknowledged`,
      )
    }
    await writing
  },

  'shows a run only when others can see it, too': async ({ store, another }) => {
    const other = await another()
    const events = Array.from({ length: 50 }, (_each, at) => event(at + 1))
    let made = false
    const making = store.createRun(record('r1'), { hash: 'hash', json: '{}' }, events, ada).finally(() => {
      made = true
    })
    while (!made) {
      const seen = await store.getRun('r1')
      if (seen) assert.ok(await other.getRun('r1'), 'it was seen before it was committed')
    }
    await making
    assert.equal((await store.readEvents('r1')).length, 50)
  },

  // ── leases ──

  'gives a prediction to one piece of work, which may ask again': async ({ store, another }) => {
    const other = await another()
    const claims = await Promise.all([store.claimPrediction('p1', 'a'), other.claimPrediction('p1', 'b')])
    assert.deepEqual(claims.toSorted(), [false, true])
    const winner = claims[0] ? 'a' : 'b'
    assert.equal(await other.claimPrediction('p1', winner), true)
    assert.equal(await store.claimPrediction('p1', 'c'), false)
    assert.equal(await store.claimPrediction('p2', 'c'), true)
  },

  'has one secret key, whoever asks first': async ({ store, another }) => {
    const other = await another()
    const [one, two] = await Promise.all([store.secretKey(), other.secretKey()])
    assert.equal(one.byteLength, 32)
    assert.deepEqual([...one], [...two])
    assert.ok(new Set(one).size > 4)
    assert.deepEqual([...(await store.secretKey())], [...one])
  },
}
