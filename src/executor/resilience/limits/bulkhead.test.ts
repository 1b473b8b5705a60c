import { describe, expect, it } from 'vitest'
import type { Bulkhead as Policy } from '../../../domain/rate-limit.ts'
import { createMemoryCells } from '../../../std/cells.ts'
import type { Json } from '../../../std/json.ts'
import { virtualClock } from '../../../testing/virtual-clock.ts'
import { createBulkhead } from './bulkhead.ts'

const { signal } = new AbortController()

/** Bulkheads that processes of their own would have of the same thing. */
function rig(policy: Policy, isGone: (holder: Json) => boolean | undefined = () => undefined) {
  const clock = virtualClock()
  const cells = createMemoryCells()
  const make = (process: string) =>
    createBulkhead(
      policy,
      { name: 'limit/a/slots', title: 'agent "a"' },
      {
        ...{ cells: async () => cells, clock, process, isGone },
        self: () => process,
      },
    )
  return { clock, cells, make, one: make('one'), two: make('two') }
}

describe('a bulkhead', () => {
  it('lets so many calls be under way, and the others in the order of asking', async () => {
    const { one } = rig({ max_concurrent: 2 })
    const order: number[] = []
    const [first] = await Promise.all([one.enter(signal), one.enter(signal)])
    const third = one.enter(signal).then((leave) => (order.push(3), leave))
    const fourth = one.enter(signal).then((leave) => (order.push(4), leave))
    await new Promise(setImmediate)
    expect(order).toEqual([])
    first?.()
    const leave = await third
    expect(order).toEqual([3])
    leave()
    await fourth
    expect(order).toEqual([3, 4])
  })

  it('has a place back once, however often a call says that it has ended', async () => {
    const { one } = rig({ max_concurrent: 1 })
    const leave = await one.enter(signal)
    leave()
    leave()
    await one.enter(signal)
    const entered: number[] = []
    void one.enter(signal).then(() => entered.push(2))
    await new Promise(setImmediate)
    expect(entered).toEqual([])
  })

  it('counts the calls of all processes, which take turns', async () => {
    const { one, two, clock } = rig({ max_concurrent: 1 })
    const order: string[] = []
    let busy = 0
    let most = 0
    const call = async (who: string, enter: typeof one.enter) => {
      const leave = await enter(signal)
      busy += 1
      most = Math.max(most, busy)
      order.push(who)
      await clock.sleep(10)
      busy -= 1
      leave()
    }
    const all = [
      ...Array.from({ length: 6 }, () => call('one', one.enter)),
      ...Array.from({ length: 3 }, () => call('two', two.enter)),
    ]
    await clock.runAll()
    await Promise.all(all)
    expect(most).toBe(1)
    expect(order).toHaveLength(9)
    expect(order.slice(0, 7).filter((who) => who === 'two')).toHaveLength(3)
  })

  it('asks for no place anew while calls follow each other, and gives it back when they do not', async () => {
    const { one, cells, clock } = rig({ max_concurrent: 4 })
    let changes = 0
    const { change } = cells
    cells.change = (names, work) => {
      changes += 1
      return change(names, work)
    }
    for (let n = 0; n < 100; n += 1) (await one.enter(signal))()
    expect(changes).toBe(1)
    expect(cells.get('limit/a/slots')).toBeDefined()
    await clock.advance(200)
    expect(cells.get('limit/a/slots')).toBeUndefined()
    ;(await one.enter(signal))()
    await one.close()
    expect(cells.get('limit/a/slots')).toBeUndefined()
  })

  it('has the places of a process that was killed again as soon as somebody wants one', async () => {
    const { make, clock } = rig({ max_concurrent: 2 }, (holder) => holder === 'killed')
    const killed = make('killed')
    await killed.enter(signal)
    await killed.enter(signal)
    const other = make('other')
    await other.enter(signal)
    await other.enter(signal)
    expect(clock.monotonic()).toBe(0)
  })

  it('keeps the places of a process that nobody can look at, until nothing was heard of it for an hour', async () => {
    const { make, clock } = rig({ max_concurrent: 1 })
    await make('far').enter(signal)
    const entered = make('here')
      .enter(signal)
      .then(() => clock.monotonic())
    await clock.runAll()
    expect(await entered).toBeGreaterThan(3_600_000)
    expect(await entered).toBeLessThan(3_601_000)
  })

  it('refuses a call when so many wait, in a way that a fallback can take', async () => {
    const { one } = rig({ max_concurrent: 1, max_queue: 1 })
    const leave = await one.enter(signal)
    const second = one.enter(signal)
    await new Promise(setImmediate)
    await expect(one.enter(signal)).rejects.toMatchObject({
      code: 'resource_exhausted',
      message: 'the bulkhead of agent "a" is full: a call is under way, 1 wait',
      details: { held_back: true },
    })
    leave()
    await second
  })

  it('refuses a call that waited for too long', async () => {
    const { one, clock } = rig({ max_concurrent: 1, queue_timeout_ms: 5_000 })
    const leave = await one.enter(signal)
    const second = one.enter(signal)
    second.catch(() => {})
    await clock.runAll()
    await expect(second).rejects.toMatchObject({ code: 'resource_exhausted', message: expect.stringContaining('5.0s') })
    expect(clock.monotonic()).toBe(5_000)
    leave()
    ;(await one.enter(signal))()
  })

  it('lets nobody in who was called off, and gives the place to the next', async () => {
    const { one } = rig({ max_concurrent: 1 })
    const leave = await one.enter(signal)
    const off = new AbortController()
    const second = one.enter(off.signal)
    const third = one.enter(signal)
    await new Promise(setImmediate)
    off.abort(new Error('off'))
    await expect(second).rejects.toThrow('off')
    await expect(one.enter(off.signal)).rejects.toThrow('off')
    leave()
    leave()
    await third
  })
})
