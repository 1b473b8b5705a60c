/** What a store promises about who drives a run: leases, fencing, commands, claims. */
import assert from 'node:assert/strict'
import { StoreError } from '../domain/errors.ts'
import { type Lease, leaseTtlMs } from '../state/store/contract.ts'
import { ada, bob, record, event, make, refusedWith, seqs, type StorePromise } from './store-samples.ts'

export const drivingPromises: Record<string, StorePromise> = {
  'makes a run whole: row, definition, events and lease': async ({ store, another, clock }) => {
    const full = record('r1', { version: '1.2.0', parent_run_id: 'r0', cost_usd: null, sandbox: false, seq: 2 })
    const lease = await store.createRun(full, { hash: 'hash', json: '{"a":1}' }, [event(1), event(2)], ada)
    assert.deepEqual(lease, { run_id: 'r1', token: 1 })
    const other = await another()
    assert.deepEqual(await other.getRun('r1'), full)
    assert.equal(await other.getDefinition('hash'), '{"a":1}')
    assert.deepEqual(await other.readEvents('r1'), [event(1), event(2)])
    const held = await other.getLease('r1')
    const now = clock.now()
    assert.deepEqual(held, { run_id: 'r1', token: 1, holder: ada, heartbeat_at: now, expires_at: now + leaseTtlMs })
  },

  'refuses a run whose id is taken, and leaves the first as it was': async ({ store }) => {
    await make(store, 'r1')
    const again = await store.createRun(
      record('r1', { workflow: 'other' }),
      { hash: 'h2', json: '{}' },
      [event(1, 'other')],
      bob,
    )
    assert.equal(again, false)
    assert.equal((await store.getRun('r1'))?.workflow, 'photo')
    assert.deepEqual(await store.readEvents('r1'), [event(1)])
    assert.deepEqual((await store.getLease('r1'))?.holder, ada)
  },

  'changes a row without an event, fenced all the same': async ({ store }) => {
    const lease = await make(store, 'r1')
    await store.append(lease, [], { status: 'cancelled' })
    const run = await store.getRun('r1')
    assert.deepEqual([run?.status, run?.seq], ['cancelled', 1])
    const stale = { ...lease, token: 99 }
    await assert.rejects(store.append(stale, [], { status: 'failed' }), refusedWith('lease_lost'))
    assert.equal((await store.getRun('r1'))?.status, 'cancelled')
  },

  'fails only the one of several appends that was fenced off': async ({ store }) => {
    const leases = await Promise.all(['r1', 'r2', 'r3'].map((runId) => make(store, runId)))
    await store.acquireLease('r2', bob, () => true)
    const outcomes = await Promise.allSettled(
      leases.map((lease) => store.append(lease, [event(2)], { status: 'waiting' })),
    )
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.ok(refusedWith('lease_lost')((outcomes[1] as PromiseRejectedResult).reason))
    assert.deepEqual(seqs(await store.readEvents('r2')), [1])
    assert.equal((await store.getRun('r2'))?.status, 'running')
    assert.deepEqual(seqs(await store.readEvents('r3')), [1, 2])
  },

  'gives a held lease only when it may be taken, and says who holds it': async ({ store, another }) => {
    const lease = await make(store, 'r1')
    const other = await another()
    const asked: unknown[] = []
    const refused = await other.acquireLease('r1', bob, (held) => {
      asked.push(held)
      return false
    })
    const held = await store.getLease('r1')
    assert.deepEqual(refused, { held })
    assert.deepEqual(asked, [held])
    assert.equal(await store.heartbeat(lease), true)
    const taken = await other.acquireLease('r1', bob, (found) => found.holder.pid === ada.pid)
    assert.deepEqual(taken, { lease: { run_id: 'r1', token: 2 } })
    assert.deepEqual((await store.getLease('r1'))?.holder, bob)
  },

  'lets whoever lost a lease write nothing more': async ({ store, another }) => {
    const lease = await make(store, 'r1')
    const other = await another()
    const taken = (await other.acquireLease('r1', bob, () => true)) as { lease: Lease }
    await assert.rejects(store.append(lease, [event(2)]), refusedWith('lease_lost'))
    assert.equal(await store.heartbeat(lease), false)
    await store.releaseLease(lease)
    assert.equal((await store.getLease('r1'))?.token, taken.lease.token)
    await other.append(taken.lease, [event(2, 'bob')])
    assert.deepEqual(await store.readEvents('r1', 1), [event(2, 'bob')])
  },

  'lets go of a lease, and counts its token on': async ({ store }) => {
    const first = await make(store, 'r1')
    await store.releaseLease(first)
    assert.equal(await store.getLease('r1'), undefined)
    assert.equal(await store.heartbeat(first), false)
    await assert.rejects(store.append(first, [event(2)]), refusedWith('lease_lost'))
    const never = (): boolean => assert.fail('nobody holds it')
    const second = await store.acquireLease('r1', bob, never)
    assert.deepEqual(second, { lease: { run_id: 'r1', token: 2 } })
    await assert.rejects(store.append(first, [event(2)]), refusedWith('lease_lost'))
  },

  'extends a lease with each heartbeat': async ({ store, clock }) => {
    const lease = await make(store, 'r1')
    clock.advance(4_000)
    assert.equal(await store.heartbeat(lease), true)
    const held = await store.getLease('r1')
    assert.deepEqual([held?.heartbeat_at, held?.expires_at], [clock.now(), clock.now() + leaseTtlMs])
  },

  'leaves a lease with its holder after it expired, until somebody takes it': async ({ store, clock }) => {
    const lease = await make(store, 'r1')
    clock.advance(leaseTtlMs * 10)
    await store.append(lease, [event(2)])
    const expired = (held: { expires_at: number }): boolean => held.expires_at < clock.now()
    const taken = await store.acquireLease('r1', bob, expired)
    assert.ok('lease' in taken)
    await assert.rejects(store.append(lease, [event(3)]), refusedWith('lease_lost'))
  },

  'gives a free lease to one of several that want it at once': async ({ store, another }) => {
    await store.releaseLease(await make(store, 'r1'))
    const stores = [store, await another(), store, await another()]
    const got = await Promise.all(stores.map((each) => each.acquireLease('r1', bob, () => false)))
    assert.equal(got.filter((outcome) => 'lease' in outcome).length, 1)
  },

  'leaves a lease alone when the question who may take it fails': async ({ store }) => {
    const lease = await make(store, 'r1')
    const failing = (): boolean => {
      throw new TypeError('no idea')
    }
    await assert.rejects(store.acquireLease('r1', bob, failing), TypeError)
    assert.deepEqual((await store.getLease('r1'))?.holder, ada)
    await store.append(lease, [event(2)])
  },

  // ── commands, claims, cache, secrets ──

  'keeps commands for the driver until they are done, oldest first': async ({ store, another }) => {
    await Promise.all(['r1', 'r2'].map((runId) => make(store, runId)))
    const other = await another()
    await other.sendCommand('r1', { type: 'pause', by: 'ada' })
    await other.sendCommand('r2', { type: 'cancel', by: 'eve' })
    await other.sendCommand('r1', { type: 'answer', step: 's', index: 3, approved: true, inputs: { n: 1 }, by: 'bob' })
    const pending = await store.pendingCommands('r1')
    assert.deepEqual(
      pending.map(({ command }) => command.by),
      ['ada', 'bob'],
    )
    assert.deepEqual(pending[1]?.command, {
      type: 'answer',
      step: 's',
      index: 3,
      approved: true,
      inputs: { n: 1 },
      by: 'bob',
    })
    const [others] = await store.pendingCommands('r2')
    await store.finishCommands('r1', [pending[0]?.id ?? 0, others?.id ?? 0])
    assert.deepEqual(
      (await other.pendingCommands('r1')).map(({ command }) => command.by),
      ['bob'],
    )
    assert.equal((await other.pendingCommands('r2')).length, 1)
    await store.finishCommands('r1', [])
  },

  'finishes what was asked for before it closes, and takes nothing after': async ({ store, another }) => {
    const lease = await make(store, 'r1')
    const appends = [
      store.append(lease, [event(2)]),
      store.sendCommand('r1', { type: 'pause', by: 'x' }),
      store.append(lease, [event(3)]),
    ]
    const other = await another()
    await store.close()
    await Promise.all(appends)
    await store.close()
    await assert.rejects(store.append(lease, [event(4)]), StoreError)
    await assert.rejects(store.getRun('r1'), StoreError)
    assert.deepEqual(seqs(await other.readEvents('r1')), [1, 2, 3])
    assert.equal((await other.pendingCommands('r1')).length, 1)
  },
}
