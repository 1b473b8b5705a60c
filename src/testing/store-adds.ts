/** What a store promises about runs that come from elsewhere. */
import assert from 'node:assert/strict'
import { StoreError } from '../domain/errors.ts'
import { ada, event, make, record, seqs, type StorePromise } from './store-samples.ts'

const definition = { hash: 'new', json: '{"n":1}' }

export const addingPromises: Record<string, StorePromise> = {
  'adds runs with their journals and definitions, held by nobody': async ({ store, another }) => {
    const [parent, child] = [
      record('r1', { status: 'succeeded', definition_hash: 'new', imported_at: 77, seq: 3, cost_usd: null }),
      record('r1.s', { parent_run_id: 'r1', definition_hash: 'new', imported_at: 77, seq: 1 }),
    ]
    const runs = [
      { record: parent, events: [event(1), event(2), event(3)] },
      { record: child, events: [event(1)] },
    ]
    assert.equal(await store.addRuns(runs, [definition]), undefined)
    const other = await another()
    assert.deepEqual(await other.getRun('r1'), parent)
    assert.deepEqual(await other.listRuns({ parent_run_id: 'r1' }), [child])
    assert.deepEqual(seqs(await other.readEvents('r1')), [1, 2, 3])
    assert.equal(await other.getDefinition('new'), definition.json)
    assert.equal(await other.getLease('r1'), undefined)
    const taken = await other.acquireLease('r1', ada, () => assert.fail('nobody holds it'))
    assert.ok('lease' in taken)
    await other.append(taken.lease, [event(4)])
    assert.equal((await store.getRun('r1'))?.imported_at, 77)
  },

  'adds none of several runs when one of their ids is taken, and says which': async ({ store }) => {
    await make(store, 'r2')
    const runs = ['r1', 'r2', 'r3'].map((runId) => ({ record: record(runId), events: [event(1, 'other')] }))
    assert.equal(await store.addRuns(runs, [definition]), 'r2')
    assert.deepEqual(await store.findRuns('', 10), ['r2'])
    assert.deepEqual(await store.readEvents('r2'), [event(1)])
    assert.equal(await store.getDefinition('new'), undefined)
  },

  'adds a run once, however many bring it at the same time': async ({ store, another }) => {
    const runs = [{ record: record('r1'), events: [event(1)] }]
    const stores = [store, await another(), store]
    const taken = await Promise.all(stores.map((each) => each.addRuns(runs, [definition])))
    assert.equal(taken.filter((id) => id === undefined).length, 1)
    assert.deepEqual(seqs(await store.readEvents('r1')), [1])
  },

  'adds no run whose events have a gap': async ({ store }) => {
    const runs = [{ record: record('r1'), events: [event(1), event(3)] }]
    await assert.rejects(store.addRuns(runs, []), StoreError)
    assert.equal(await store.getRun('r1'), undefined)
  },
}
