/** What every store must do: one suite, run over each backend with the test runner's own `describe` and `it`. */
import assert from 'node:assert/strict'
import { StoreError } from '../domain/errors.ts'
import type { RunEvent } from '../domain/events.ts'
import { type Lease, type LeaseHolder, leaseTtlMs, type RunRecord, type Store } from '../state/store/contract.ts'
import type { Clock } from '../std/clock.ts'
import { eagerClock } from './eager-clock.ts'

/** The part of a test runner (vitest, node:test, jest) that the suite uses. */
export interface SuiteRunner {
  describe(name: string, body: () => void): void
  it(name: string, body: () => Promise<void>): void
}

export interface OpenedStore {
  store: Store
  /** The same data by a second connection, as another process has it. The suite closes it. */
  another(): Promise<Store>
  /** Closes and removes everything. */
  remove(): Promise<void>
}

type Body = (parts: {
  store: Store
  another: () => Promise<Store>
  clock: ReturnType<typeof eagerClock>
}) => Promise<void>

/** `open` makes a store that is empty. */
export function storeContract(name: string, runner: SuiteRunner, open: (clock: Clock) => Promise<OpenedStore>): void {
  runner.describe(`${name}, as a store`, () => {
    for (const [title, body] of Object.entries(promises)) {
      runner.it(title, async () => {
        const clock = eagerClock()
        const opened = await open(clock)
        const others: Store[] = []
        const another = async (): Promise<Store> => {
          const store = await opened.another()
          others.push(store)
          return store
        }
        try {
          await body({ store: opened.store, another, clock })
        } finally {
          for (const store of others) await store.close()
          await opened.remove()
        }
      })
    }
  })
}

// ── what is stored ──

const ada: LeaseHolder = { pid: 11, host: 'one', started: '100', boot: 'a' }
const bob: LeaseHolder = { pid: 22, host: 'two', started: '200', boot: 'b' }

function record(runId: string, more: Partial<RunRecord> = {}): RunRecord {
  return {
    run_id: runId,
    workflow: 'photo',
    version: undefined,
    status: 'running',
    waiting_for: undefined,
    definition_hash: 'hash',
    parent_run_id: undefined,
    sandbox: true,
    attempt: 1,
    cost_usd: 0,
    created_at: 1_000,
    updated_at: 1_000,
    seq: 1,
    ...more,
  }
}

function event(seq: number, by = 'test', time = 1_000 + seq): RunEvent {
  return { seq, time, type: 'run.pausing', by }
}

async function make(store: Store, runId: string, more: Partial<RunRecord> = {}, holder = ada): Promise<Lease> {
  const made = await store.createRun(record(runId, more), { hash: 'hash', json: '{}' }, [event(1)], holder)
  assert.notEqual(made, false)
  return made as Lease
}

function refusedWith(code: StoreError['code']): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code
}

const seqs = (events: readonly RunEvent[]): number[] => events.map(({ seq }) => seq)

// ── what is promised ──

const promises: Record<string, Body> = {
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

  'changes a row without an event, fenced all the same': async ({ store }) => {
    const lease = await make(store, 'r1')
    await store.append(lease, [], { status: 'cancelled' })
    const run = await store.getRun('r1')
    assert.deepEqual([run?.status, run?.seq], ['cancelled', 1])
    const stale = { ...lease, token: 99 }
    await assert.rejects(store.append(stale, [], { status: 'failed' }), refusedWith('lease_lost'))
    assert.equal((await store.getRun('r1'))?.status, 'cancelled')
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

  'gives a prediction to one piece of work, which may ask again': async ({ store, another }) => {
    const other = await another()
    const claims = await Promise.all([store.claimPrediction('p1', 'a'), other.claimPrediction('p1', 'b')])
    assert.deepEqual(claims.toSorted(), [false, true])
    const winner = claims[0] ? 'a' : 'b'
    assert.equal(await other.claimPrediction('p1', winner), true)
    assert.equal(await store.claimPrediction('p1', 'c'), false)
    assert.equal(await store.claimPrediction('p2', 'c'), true)
  },

  'caches values until they expire, the latest one counting': async ({ store, another }) => {
    const entry = { key: 'k', value: { a: [1, null, 'é'] }, cost_usd: null, created_at: 100, expires_at: 200 }
    await store.cachePut(entry)
    await store.cachePut({ ...entry, key: 'forever', cost_usd: 0.5, expires_at: undefined })
    const other = await another()
    assert.deepEqual(await other.cacheGet('k', 199), entry)
    assert.equal(await other.cacheGet('k', 200), undefined)
    assert.equal(await other.cacheGet('nothing', 0), undefined)
    const later = { ...entry, value: 'new', cost_usd: 0.1, created_at: 300, expires_at: 900 }
    await other.cachePut(later)
    assert.deepEqual(await store.cacheGet('k', 301), later)
    assert.deepEqual((await store.cacheGet('forever', 1e15))?.cost_usd, 0.5)
  },

  'has one secret key, whoever asks first': async ({ store, another }) => {
    const other = await another()
    const [one, two] = await Promise.all([store.secretKey(), other.secretKey()])
    assert.equal(one.byteLength, 32)
    assert.deepEqual([...one], [...two])
    assert.ok(new Set(one).size > 4)
    assert.deepEqual([...(await store.secretKey())], [...one])
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
