import { describe, expect, it } from 'vitest'
import { virtualClock } from './virtual-clock.ts'

describe('a virtual clock', () => {
  it('wakes sleepers in the order of their time, each at its own moment', async () => {
    const clock = virtualClock(1_000)
    const seen: [string, number][] = []
    const sleep = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms)
      seen.push([name, clock.now()])
    }
    const all = Promise.all([sleep('late', 30), sleep('early', 10), sleep('same', 10)])
    await clock.advance(5)
    expect(seen).toEqual([])
    await clock.advance(25)
    await all
    expect(seen).toEqual([
      ['early', 1_010],
      ['same', 1_010],
      ['late', 1_030],
    ])
    expect([clock.monotonic(), clock.sleeping]).toEqual([30, 0])
  })

  it('wakes one that sleeps again within the same advance', async () => {
    const clock = virtualClock()
    const beats: number[] = []
    const loop = (async () => {
      while (beats.length < 3) {
        await clock.sleep(10)
        beats.push(clock.monotonic())
      }
    })()
    await clock.advance(100)
    await loop
    expect(beats).toEqual([10, 20, 30])
    expect(clock.monotonic()).toBe(100)
  })

  it('runs until nobody sleeps, and says so when that never happens', async () => {
    const clock = virtualClock()
    const done = clock.sleep(5_000).then(() => clock.sleep(5_000))
    await clock.runAll()
    await done
    expect(clock.monotonic()).toBe(10_000)
    const stop = new AbortController()
    const forever = (async () => {
      for (;;) await clock.sleep(1, stop.signal)
    })()
    await expect(clock.runAll(10)).rejects.toThrow('still sleeping after 10 awakenings')
    stop.abort(new Error('enough'))
    await expect(forever).rejects.toThrow('enough')
    expect(clock.sleeping).toBe(0)
  })

  it('rejects a sleeper whose signal aborts, and takes no time for a sleep of nothing', async () => {
    const clock = virtualClock()
    await clock.sleep(0)
    const stop = new AbortController()
    const sleeping = clock.sleep(10, stop.signal)
    stop.abort(new Error('called off'))
    await expect(sleeping).rejects.toThrow('called off')
    await expect(clock.sleep(10, stop.signal)).rejects.toThrow('called off')
  })
})
