/** What a store promises about making room: removing runs, and finding what nothing names any more. */
import assert from 'node:assert/strict'
import type { HeldLease, RunRecord } from '../state/store/contract.ts'
import { ada, bob, cache, cached, event, make, record, refusedWith, seqs, type StorePromise } from './store-samples.ts'

const hash = (digit: string): string => digit.repeat(64)
const yes = (): boolean => true

export const removingPromises: Record<string, StorePromise> = {
  'removes a run whole, and nothing of the others': async ({ store, another }) => {
    const lease = await make(store, 'r1')
    const kept = await make(store, 'r2')
    await store.append(lease, [event(2), event(3)])
    await store.append(kept, [event(2)])
    await store.sendCommand('r1', { type: 'pause', by: 'ada' })
    await store.sendCommand('r2', { type: 'pause', by: 'bob' })
    assert.equal(await store.removeRun('r1', [], yes), true)
    const other = await another()
    assert.equal(await other.getRun('r1'), undefined)
    assert.deepEqual(await other.readEvents('r1'), [])
    assert.equal(await other.getLease('r1'), undefined)
    assert.deepEqual(await other.pendingCommands('r1'), [])
    assert.deepEqual(await other.findRuns('r', 10), ['r2'])
    assert.deepEqual(seqs(await other.readEvents('r2')), [1, 2])
    assert.equal((await other.pendingCommands('r2')).length, 1)
    await store.append(kept, [event(3)])
    await assert.rejects(store.append(lease, [event(4)]), refusedWith('store'))
    assert.equal(await store.removeRun('r1', [hash('a')], yes), false)
    assert.deepEqual([...(await store.releasedFiles())], [])
  },

  'removes nested runs with their parent, or none of them': async ({ store }) => {
    await make(store, 'r1')
    await make(store, 'c1', { parent_run_id: 'r1' })
    await make(store, 'g1', { parent_run_id: 'c1' }, bob)
    const asked: [string, number | undefined][] = []
    const unlessBob = (run: RunRecord, held: HeldLease | undefined): boolean => {
      asked.push([run.run_id, held?.holder.pid])
      return held?.holder.pid !== bob.pid
    }
    assert.equal(await store.removeRun('r1', [hash('a')], unlessBob), false)
    assert.deepEqual(asked, [
      ['r1', ada.pid],
      ['c1', ada.pid],
      ['g1', bob.pid],
    ])
    assert.equal((await store.findRuns('', 10)).length, 3)
    assert.deepEqual([...(await store.releasedFiles())], [])
    assert.equal(await store.removeRun('r1', [], yes), true)
    assert.deepEqual(await store.findRuns('', 10), [])
  },

  'lets an id be used again after its run was removed': async ({ store }) => {
    await make(store, 'r1')
    await store.removeRun('r1', [], yes)
    const lease = await make(store, 'r1', { workflow: 'other' })
    await store.append(lease, [event(2)])
    assert.equal((await store.getRun('r1'))?.workflow, 'other')
  },

  'finds the names of files in journals': async ({ store, another }) => {
    const lease = await make(store, 'r1')
    await store.append(lease, [
      event(2, `artifact:${hash('a')}/x.png and ${hash('b')}`),
      event(3, `${hash('c')}0 ${hash('d').slice(1)} ${hash('A')}`),
      event(4, hash('b')),
    ])
    const found = await (await another()).hashesIn('r1')
    assert.deepEqual([found.seq, found.hashes.toSorted()], [4, [hash('a'), hash('b')]])
    assert.ok(found.bytes > 400)
    assert.deepEqual((await store.hashesIn('r1', 3)).hashes, [hash('b')])
    assert.deepEqual(await store.hashesIn('r1', 4), { seq: 4, bytes: 0, hashes: [] })
    assert.deepEqual((await store.hashesIn('nobody')).hashes, [])
  },

  'finds the names of files in what waits and what is cached': async ({ store }) => {
    await make(store, 'r1')
    const answer = { type: 'answer', step: 's', approved: true, inputs: { photo: `artifact:${hash('a')}/p` }, by: 'x' }
    await store.sendCommand('r1', answer as Parameters<typeof store.sendCommand>[1])
    await cache(store, cached('k', { value: JSON.stringify({ files: [{ sha256: hash('b') }] }) }))
    await cache(store, cached('old', { value: JSON.stringify(hash('c')), expires_at: 50 }))
    assert.deepEqual((await store.hashesBesides(50)).toSorted(), [hash('a'), hash('b')])
    const [pending] = await store.pendingCommands('r1')
    await store.finishCommands('r1', [pending?.id ?? 0])
    assert.deepEqual(await store.hashesBesides(50), [hash('b')])
  },

  'remembers the files of removed runs until they are dropped': async ({ store, another }) => {
    await make(store, 'r1', { updated_at: 5_000 })
    await make(store, 'r2', { updated_at: 9_000 })
    await store.removeRun('r2', [hash('a'), hash('b')], yes)
    await store.removeRun('r1', [hash('a'), hash('c')], yes)
    const other = await another()
    assert.deepEqual(
      await other.releasedFiles(),
      new Map([
        [hash('a'), 9_000],
        [hash('b'), 9_000],
        [hash('c'), 5_000],
      ]),
    )
    await other.dropFiles([hash('a'), hash('b'), hash('c')], new Map(), async (unnamed) => {
      assert.deepEqual(unnamed, [hash('a'), hash('b'), hash('c')])
      return [hash('a'), hash('c')]
    })
    assert.deepEqual([...(await store.releasedFiles()).keys()], [hash('b')])
  },

  'drops no file that a journal or a waiting command names, however late it came': async ({ store, another }) => {
    const lease = await make(store, 'r1')
    await store.append(lease, [event(2, hash('a'))])
    const seen = new Map([['r1', (await store.hashesIn('r1')).seq]])
    await make(store, 'gone')
    await store.removeRun('gone', ['b', 'c', 'd', 'e'].map(hash), yes)
    const other = await another()
    await other.append(lease, [event(3, hash('b'))])
    await other.append(await make(other, 'r2', {}, bob), [event(2, hash('c'))])
    const answer = { type: 'answer', step: 's', approved: true, inputs: { photo: hash('d') }, by: 'x' }
    await other.sendCommand('r2', answer as Parameters<typeof store.sendCommand>[1])
    let told: unknown
    await store.dropFiles(['b', 'c', 'd', 'e'].map(hash), seen, async (unnamed, driven) => {
      told = driven.map(({ held, created_at }) => [held.run_id, held.holder.pid, created_at])
      assert.deepEqual(unnamed, [hash('e')])
      return []
    })
    assert.deepEqual(told, [
      ['r1', ada.pid, 1_000],
      ['r2', bob.pid, 1_000],
    ])
    // What is named after all waits for its own run's end.
    assert.deepEqual([...(await store.releasedFiles()).keys()], [hash('e')])
  },

  'lets nobody commit while files are dropped': async ({ store, another }) => {
    const lease = await make(store, 'r1')
    const other = await another()
    let isDropping = false
    const appends: Promise<void>[] = []
    await store.dropFiles([hash('a')], new Map(), async () => {
      isDropping = true
      appends.push(
        other.append(lease, [event(2, hash('a'))]).then(() => {
          assert.equal(isDropping, false, 'an event was committed in between')
        }),
      )
      for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      isDropping = false
      return []
    })
    await Promise.all(appends)
    assert.deepEqual(seqs(await store.readEvents('r1')), [1, 2])
  },

  'keeps what is released when dropping fails': async ({ store }) => {
    await make(store, 'r1')
    await store.removeRun('r1', [hash('a')], yes)
    const failing = async (): Promise<string[]> => {
      throw new TypeError('the disk is gone')
    }
    await assert.rejects(store.dropFiles([hash('a')], new Map(), failing), TypeError)
    assert.deepEqual([...(await store.releasedFiles()).keys()], [hash('a')])
  },

  'removes what nothing can use any more, but no definition that a driver may be about to name': async ({ store }) => {
    const lease = await make(store, 'r1')
    await store.putDefinition('new', '{"n":1}')
    await cache(store, cached('k', { expires_at: 100 }), cached('later', { expires_at: 200 }), cached('always'))
    assert.deepEqual(await store.removeStale(100, () => false), { cached: 1, definitions: 0 })
    assert.deepEqual(await store.cacheGet('real', 'k'), { gone: 'expired', at: 100 })
    assert.deepEqual(await store.cacheGet('real', 'later'), cached('later', { expires_at: 200 }))
    assert.deepEqual(await store.cacheGet('real', 'always'), cached('always'))
    assert.equal(await store.getDefinition('new'), '{"n":1}')
    await store.releaseLease(lease)
    assert.deepEqual(await store.removeStale(100, () => false), { cached: 0, definitions: 1 })
    assert.equal(await store.getDefinition('new'), undefined)
    assert.equal(await store.getDefinition('hash'), '{}')
    await store.removeRun('r1', [], yes)
    assert.deepEqual(await store.removeStale(100, yes), { cached: 0, definitions: 1 })
  },

  'gives room back, while others write': async ({ store, another }) => {
    const other = await another()
    const going = await make(other, 'r2')
    for (let run = 0; run < 5; run += 1) {
      const lease = await make(store, `old${run}`)
      await store.append(
        lease,
        Array.from({ length: 400 }, (_each, at) => event(at + 2, 'x'.repeat(2_000))),
      )
    }
    for (let run = 0; run < 5; run += 1) await store.removeRun(`old${run}`, [], yes)
    const writing = Array.from({ length: 100 }, (_each, at) => other.append(going, [event(at + 2)]))
    const { before, after } = await store.shrink()
    await Promise.all(writing)
    assert.ok(after < before / 4, `${before} bytes became ${after}`)
    assert.equal((await store.readEvents('r2')).length, 101)
    assert.deepEqual((await store.getRun('r2'))?.run_id, record('r2').run_id)
  },
}
