import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RateLimit } from '../../../domain/rate-limit.ts'
import { type Cells, createMemoryCells } from '../../../std/cells.ts'
import { type VirtualClock, virtualClock } from '../../../testing/virtual-clock.ts'
import { type Ask, createRateLimiter, makeBucket } from './rate-limit.ts'

const { signal } = new AbortController()

/** What a process of its own would make of a limit that others share. */
function process_(cells: Cells, clock: VirtualClock, limit: RateLimit, name = '1') {
  const limiter = createRateLimiter({ cells: async () => cells, clock, process: name })
  const bucket = makeBucket({ name: 'limit/a', title: 'a', limit })
  return {
    ...{ limiter, bucket },
    take: (units = 1, off: AbortSignal = signal) => limiter.take([{ bucket, units }], off),
    pause: (ms: number, allowed?: number) => limiter.pause(bucket, ms, allowed),
  }
}

interface Went {
  at: number
  units: number
  process: number
  order: number
}

/** In no window more went than the burst and what came in; the least that would have to be taken for it not to be so. */
function excess(went: readonly Went[], { per_minute, burst }: RateLimit): number {
  const sorted = went.toSorted((a, b) => a.at - b.at)
  let most = Number.NEGATIVE_INFINITY
  for (const [from, { at }] of sorted.entries()) {
    let sum = 0
    for (const later of sorted.slice(from)) {
      sum += later.units
      most = Math.max(most, sum - burst - ((later.at - at) * per_minute) / 60_000)
    }
  }
  return most
}

describe('a token bucket', () => {
  it.each([
    { processes: 1, what: 'in one process' },
    { processes: 8, what: 'in eight' },
  ])(
    'never lets out more than burst + rate · W in any window W, each in the order of asking, $what',
    async ({ processes }) => {
      const limits = fc.oneof(
        fc.record({ burst: fc.integer({ min: 1, max: 5 }), per_minute: fc.integer({ min: 30, max: 600 }) }),
        // Where blocks are lent.
        fc.record({ burst: fc.integer({ min: 100, max: 300 }), per_minute: fc.integer({ min: 1_000, max: 6_000 }) }),
      )
      const asks = fc.array(
        fc.record({
          gap: fc.integer({ min: 0, max: 1_500 }),
          process: fc.nat(processes - 1),
          units: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 9 })),
          many: fc.integer({ min: 1, max: 20 }),
        }),
        { minLength: 5, maxLength: 25 },
      )
      let lent = 0
      await fc.assert(
        fc.asyncProperty(asks, limits, async (plan, limit) => {
          const clock = virtualClock()
          const cells = createMemoryCells()
          const all = Array.from({ length: processes }, (_, at) => process_(cells, clock, limit, String(at)))
          const went: Went[] = []
          const running = (async () => {
            const taken: Promise<void>[] = []
            let order = 0
            for (const { gap, process, units, many } of plan) {
              if (gap > 500) await clock.sleep(gap)
              for (let n = 0; n < many; n += 1) {
                const mine = (order += 1)
                const asked = Math.min(units, limit.burst)
                const taking = all[process]?.take(asked) ?? Promise.reject(new Error('no such process'))
                taken.push(
                  taking.then(([got = 0]) => {
                    went.push({ at: clock.monotonic(), units: got, process, order: mine })
                  }),
                )
              }
            }
            await Promise.all(taken)
          })()
          await clock.runAll()
          await running
          lent += all.filter(({ bucket }) => bucket.block.until > 0 && bucket.block.units > 0).length
          expect(went).toHaveLength(plan.reduce((sum, { many }) => sum + many, 0))
          expect(excess(went, limit)).toBeLessThanOrEqual(1e-6)
          for (const at of all.keys()) {
            const orders = went.filter(({ process }) => process === at).map(({ order }) => order)
            expect(orders).toEqual(orders.toSorted((a, b) => a - b))
          }
        }),
        { numRuns: 30 },
      )
      expect(lent).toBeGreaterThan(0)
    },
  )

  it('lets the burst out to calls that follow each other in no time, and spends a block but once', async () => {
    const limit = { per_minute: 6_000, burst: 160 }
    const { limiter, bucket } = process_(createMemoryCells(), virtualClock(), limit)
    const waits = new AbortController()
    let went = 0
    for (; !waits.signal.aborted && went <= limit.burst; went += 1) {
      const taking = limiter.take([{ bucket, units: 1 }], waits.signal, () => waits.abort(new Error('it waits')))
      if (!(await taking.catch(() => undefined))) break
    }
    expect(bucket.block.until).toBeGreaterThan(0)
    expect(went).toBe(limit.burst)
  })

  it('starves no process: those that wait take turns', async () => {
    const clock = virtualClock()
    const cells = createMemoryCells()
    const limit = { per_minute: 60, burst: 1 }
    const [greedy, modest] = [process_(cells, clock, limit, 'greedy'), process_(cells, clock, limit, 'modest')]
    const out: string[] = []
    const all = [
      ...Array.from({ length: 20 }, () => greedy.take().then(() => void out.push('greedy'))),
      ...Array.from({ length: 4 }, () => modest.take().then(() => void out.push('modest'))),
    ]
    await clock.runAll()
    await Promise.all(all)
    expect(out.slice(0, 9).filter((who) => who === 'modest')).toHaveLength(4)
  })

  it('lets nobody of any process through while it is paused, and does not make up for it afterwards', async () => {
    const clock = virtualClock()
    const cells = createMemoryCells()
    const limit = { per_minute: 60, burst: 5 }
    const [one, two] = [process_(cells, clock, limit, '1'), process_(cells, clock, limit, '2')]
    await one.pause(10_000)
    const at: number[] = []
    const all = Promise.all(
      [one, two, one, two].map((each) =>
        each.take().then(() => void at.push(Math.round(clock.monotonic() / 100) / 10)),
      ),
    )
    await clock.runAll()
    await all
    expect(at).toEqual([11, 12, 13, 14])
  })

  it('is slower for a while after the server refused again and again, and as fast as before when it does not', async () => {
    const clock = virtualClock()
    const one = process_(createMemoryCells(), clock, { per_minute: 600, burst: 1 })
    /** Milliseconds between two that go one after the other. */
    const gap = async () => {
      const all = Promise.all([one.take(), one.take().then(() => clock.monotonic())])
      await clock.runAll()
      await all
      const third = one.take().then(() => clock.monotonic())
      const before = (await all)[1]
      await clock.runAll()
      return Math.round((await third) - before)
    }
    const refused = async (allowed?: number) => {
      await one.pause(1_000, allowed)
      // Those that were on their way are refused for the same reason.
      await one.pause(500, allowed)
      await clock.advance(1_000)
    }
    expect(await gap()).toBe(100)
    await refused()
    expect(await gap()).toBe(100)
    await refused()
    expect(await gap()).toBe(200)
    await refused()
    expect(await gap()).toBe(400)
    await clock.advance(61_000)
    expect(await gap()).toBe(Math.ceil(100 / 0.35))
    await clock.advance(10 * 60_000)
    expect(await gap()).toBe(100)
    await refused(6)
    expect(await gap()).toBe(10_000)
  })

  it('takes no token for whoever gave up waiting, and lets the next one come', async () => {
    const clock = virtualClock()
    const cells = createMemoryCells()
    const limit = { per_minute: 60, burst: 1 }
    const [one, two] = [process_(cells, clock, limit, '1'), process_(cells, clock, limit, '2')]
    const leaving = new AbortController()
    await one.take()
    const gone = one.take(1, leaving.signal)
    const next = two.take()
    await clock.advance(10)
    leaving.abort(new Error('enough'))
    await expect(gone).rejects.toThrow('enough')
    await clock.runAll()
    await next
    // The one that was there before it had the second for itself.
    expect(clock.monotonic()).toBeLessThanOrEqual(2_001)
    await expect(one.take(1, leaving.signal)).rejects.toThrow('enough')
  })

  it('waits no longer than a second for a process that was killed while it waited', async () => {
    const clock = virtualClock()
    const cells = createMemoryCells()
    const limit = { per_minute: 60, burst: 1 }
    const dead = process_(cells, { ...clock, sleep: () => new Promise(() => {}) }, limit, 'dead')
    await dead.take()
    void dead.take()
    await clock.advance(0)
    const alive = process_(cells, clock, limit, 'alive')
    const taken = alive.take().then(() => clock.monotonic())
    await clock.runAll()
    expect(await taken).toBeLessThanOrEqual(2_010)
  })

  it('has a block that a killed process had in hand again after a quarter of a second', async () => {
    const clock = virtualClock()
    const cells = createMemoryCells()
    const limit = { per_minute: 60_000, burst: 160 }
    await process_(cells, clock, limit, 'dead').take()
    const alive = process_(cells, clock, limit, 'alive')
    await clock.advance(251)
    const all = Promise.all(Array.from({ length: 160 }, () => alive.take()))
    await all
    expect(clock.monotonic()).toBe(251)
  })

  it('is not stopped by a clock that is set back by a day, nor by one that was a day ahead', async () => {
    const clock = virtualClock()
    let off = 0
    const cells = createMemoryCells()
    const one = process_(cells, { ...clock, now: () => clock.now() + off }, { per_minute: 60, burst: 1 })
    for (const jump of [0, -86_400_000, 86_400_000, 0]) {
      off = jump
      const before = clock.monotonic()
      const taken = Promise.all([one.take(), one.take()])
      await clock.runAll()
      await taken
      expect(clock.monotonic() - before).toBeLessThanOrEqual(2_010)
    }
  })

  it('lets one that needs more than it holds go when it is full, and has what it used come in before others go', async () => {
    const clock = virtualClock()
    const one = process_(createMemoryCells(), clock, { per_minute: 60, burst: 10 })
    expect(await one.take(50)).toEqual([10])
    one.limiter.correct([{ bucket: one.bucket, units: 40 }])
    const next = one.take().then(() => clock.monotonic())
    await clock.runAll()
    expect(await next).toBe(41_000)
    one.limiter.correct([{ bucket: one.bucket, units: -1_000 }])
    expect(await one.take(10)).toEqual([10])
    expect(clock.monotonic()).toBe(41_000)
  })

  it('lets the next one go as soon as something is given back, here and in other processes', async () => {
    const clock = virtualClock()
    const cells = createMemoryCells()
    const limit = { per_minute: 1, burst: 10 }
    const parts = { name: 'limit/a', title: 'a', limit, corrected: true }
    const [one, two] = ['1', '2'].map((process) => createRateLimiter({ cells: async () => cells, clock, process }))
    const [here, there] = [makeBucket(parts), makeBucket(parts)]
    await one?.take([{ bucket: here, units: 10 }], signal)
    const next = one?.take([{ bucket: here, units: 10 }], signal)
    await clock.advance(5_000)
    one?.correct([{ bucket: here, units: -10 }])
    await next
    expect(clock.monotonic()).toBe(5_000)
    const other = two?.take([{ bucket: there, units: 10 }], signal).then(() => clock.monotonic())
    await clock.advance(5_000)
    one?.correct([{ bucket: here, units: -10 }])
    await clock.runAll()
    expect(await other).toBeLessThanOrEqual(12_000)
    one?.correct([{ bucket: here, units: 3 }])
    await one?.close()
    expect(cells.get('limit/a')).toMatchObject({ level: expect.closeTo(-3, 0) })
  })

  it('is left alone by a call that another bucket holds back, and others pass that call', async () => {
    const clock = virtualClock()
    const limiter = createRateLimiter({ cells: async () => cells, clock, process: '1' })
    const cells = createMemoryCells()
    const ask = (name: string, per_minute: number): Ask => ({
      bucket: makeBucket({ name, title: name, limit: { per_minute, burst: 1 } }),
      units: 1,
    })
    const [narrow, wide] = [ask('narrow', 1), ask('wide', 60)]
    await limiter.take([narrow], signal)
    const waits: unknown[] = []
    const held = limiter.take([narrow, wide], signal, (title, ms) => waits.push([title, ms]))
    await clock.advance(0)
    await limiter.take([wide], signal)
    expect(clock.monotonic()).toBe(0)
    expect(waits).toEqual([['narrow', 60_000]])
    await clock.runAll()
    await held
    expect(clock.monotonic()).toBe(60_000)
  })
})
