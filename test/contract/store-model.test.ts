import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/domain/errors.ts'
import type { RunEvent } from '../../src/domain/events.ts'
import type { LeaseHolder, RunRecord, Store } from '../../src/state/store/contract.ts'
import { openStore } from '../../src/state/store/open.ts'
import { systemClock } from '../../src/std/clock.ts'
import { seededRandom } from '../../src/std/random.ts'
import { temporaryFolder } from '../../src/testing/temporary-folder.ts'

/** What a run is, as simply as it can be said. */
interface ModelRun {
  events: number[]
  token: number
  held: boolean
}
type Model = Map<string, ModelRun>

/** One thing that a process does; `via` is the connection it does it by. */
type Deed = { via: number; run: string } & (
  | { do: 'create' }
  | { do: 'append'; token: number; ahead: number; count: number }
  | { do: 'take'; allowed: boolean }
  | { do: 'release'; token: number }
  | { do: 'heartbeat'; token: number }
)

const holder: LeaseHolder = { pid: 1, host: 'h', started: '1', boot: 'b' }

function record(runId: string): RunRecord {
  return {
    ...{ run_id: runId, workflow: 'w', version: undefined, status: 'running', waiting_for: undefined, attempt: 1 },
    ...{ definition_hash: 'h', parent_run_id: undefined, sandbox: false, cost_usd: 0, created_at: 1, updated_at: 1 },
    seq: 1,
  }
}

function events(from: number, count: number): RunEvent[] {
  return Array.from({ length: count }, (_each, at) => ({ seq: from + at, time: 1, type: 'run.pausing', by: 'x' }))
}

/** What the store answers, in one word. */
async function perform(stores: readonly Store[], deed: Deed, model: Model): Promise<unknown> {
  const store = stores[deed.via] as Store
  const run = model.get(deed.run)
  const tokenOf = (offset: number): { run_id: string; token: number } => ({
    run_id: deed.run,
    token: (run?.token ?? 0) + offset,
  })
  try {
    switch (deed.do) {
      case 'create': {
        const made = await store.createRun(record(deed.run), { hash: 'h', json: '{}' }, events(1, 1), holder)
        return made && made.token
      }
      case 'append':
        await store.append(tokenOf(deed.token), events((run?.events.length ?? 0) + 1 + deed.ahead, deed.count))
        return 'done'
      case 'take': {
        const got = await store.acquireLease(deed.run, holder, () => deed.allowed)
        return 'lease' in got ? got.lease.token : 'held'
      }
      case 'release':
        await store.releaseLease(tokenOf(deed.token))
        return 'done'
      case 'heartbeat':
        return await store.heartbeat(tokenOf(deed.token))
    }
  } catch (error) {
    if (error instanceof StoreError) return error.code
    throw error
  }
}

/** What it should answer, and what becomes of the run. */
function expected(model: Model, deed: Deed): unknown {
  const run = model.get(deed.run)
  if (deed.do === 'create') {
    if (run) return false
    model.set(deed.run, { events: [1], token: 1, held: true })
    return 1
  }
  if (!run) return { append: 'store', take: 'store', release: 'done', heartbeat: false }[deed.do]
  if (deed.do === 'take') {
    if (run.held && !deed.allowed) return 'held'
    run.held = true
    run.token += 1
    return run.token
  }
  const ours = run.held && deed.token === 0
  if (deed.do === 'heartbeat') return ours
  if (deed.do === 'release') {
    if (ours) run.held = false
    return 'done'
  }
  if (!ours) return 'lease_lost'
  if (deed.ahead !== 0 && deed.count > 0) return 'store'
  for (let more = 0; more < deed.count; more += 1) run.events.push(run.events.length + 1)
  return 'done'
}

const where = { via: fc.nat(1), run: fc.constantFrom('r1', 'r2') }
/** Mostly the right token and place, sometimes an older or a later one. */
const near = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1) })
const deeds: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ ...where, do: fc.constant('create' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({ ...where, do: fc.constant('append' as const), token: near, ahead: near, count: fc.nat(4) }),
  },
  { weight: 2, arbitrary: fc.record({ ...where, do: fc.constant('take' as const), allowed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ ...where, do: fc.constant('release' as const), token: near }) },
  { weight: 1, arbitrary: fc.record({ ...where, do: fc.constant('heartbeat' as const), token: near }) },
)

async function check(stores: readonly Store[], model: Model): Promise<void> {
  for (const [runId, run] of model) {
    for (const store of stores) {
      expect((await store.readEvents(runId)).map(({ seq }) => seq)).toEqual(run.events)
      expect((await store.getRun(runId))?.seq).toBe(run.events.length)
      expect((await store.getLease(runId))?.token).toBe(run.held ? run.token : undefined)
    }
  }
}

async function withStores(body: (stores: readonly Store[]) => Promise<void>): Promise<void> {
  const folder = await temporaryFolder()
  const open = () => openStore({ home: folder.path, durability: 'normal', clock: systemClock, random: seededRandom(2) })
  const stores = [await open(), await open()]
  try {
    await body(stores)
  } finally {
    for (const store of stores) await store.close()
    await folder.remove()
  }
}

describe('a store, beside a model of one', () => {
  it('answers as the model does, whatever two processes do in turn', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deeds, { maxLength: 40 }), (story) =>
        withStores(async (stores) => {
          const model: Model = new Map()
          for (const deed of [{ via: 0, run: 'r1', do: 'create' } as Deed, ...story]) {
            const answer = await perform(stores, deed, model)
            expect(answer, JSON.stringify(deed)).toEqual(expected(model, deed))
          }
          await check(stores, model)
        }),
      ),
      { numRuns: 60 },
    )
  })

  it('comes to a state without gaps when several processes append and take over at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 5 })), { minLength: 2, maxLength: 30 }),
        (drivers) =>
          withStores(async (stores) => {
            await (stores[0] as Store).createRun(record('r1'), { hash: 'h', json: '{}' }, events(1, 1), holder)
            const acknowledged = new Set([1])
            const drive = async ([via, count]: [number, number]): Promise<void> => {
              const store = stores[via] as Store
              const got = await store.acquireLease('r1', holder, () => true)
              if (!('lease' in got)) throw new Error('it may always be taken')
              const from = (await store.getRun('r1'))?.seq ?? 0
              try {
                await store.append(got.lease, events(from + 1, count))
              } catch (error) {
                if (error instanceof StoreError && error.code === 'lease_lost') return
                // Somebody appended between our look and our append, and we took over in between: also refused.
                if (error instanceof StoreError && error.code === 'store') return
                throw error
              }
              for (const { seq } of events(from + 1, count)) {
                // Two acknowledged appends never had the same number.
                expect(acknowledged.has(seq)).toBe(false)
                acknowledged.add(seq)
              }
            }
            await Promise.all(drivers.map(drive))
            const kept = (await (stores[1] as Store).readEvents('r1')).map(({ seq }) => seq)
            expect(kept).toEqual(kept.map((_each, at) => at + 1))
            expect([...acknowledged].toSorted((a, b) => a - b)).toEqual(kept)
            expect((await (stores[0] as Store).getLease('r1'))?.token).toBe(drivers.length + 1)
          }),
      ),
      { numRuns: 30 },
    )
  })
})
