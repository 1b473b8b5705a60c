import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { virtualClock } from '../../testing/virtual-clock.ts'
import { createRateLimiter } from './rate-limit.ts'

describe('the token bucket', () => {
  it('never lets out more than burst + rate · W in any window W, in the order of asking', async () => {
    const asks = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 5, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(
        asks,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 30, max: 600 }),
        async (gaps, burst, per_minute) => {
          const clock = virtualClock()
          const limiter = createRateLimiter({ per_minute, burst }, clock)
          const out: { order: number; at: number }[] = []
          const { signal } = new AbortController()
          const all = (async () => {
            const taken: Promise<void>[] = []
            for (const [order, gap] of gaps.entries()) {
              if (gap > 1_000) await clock.sleep(gap)
              taken.push(limiter.take(signal).then(() => void out.push({ order, at: clock.monotonic() })))
            }
            await Promise.all(taken)
          })()
          await clock.runAll()
          await all
          expect(out.map(({ order }) => order)).toEqual([...gaps.keys()])
          for (let from = 0; from < out.length; from += 1) {
            for (let to = from; to < out.length; to += 1) {
              const window = (out[to]?.at ?? 0) - (out[from]?.at ?? 0)
              expect(to - from + 1).toBeLessThanOrEqual(burst + (window * per_minute) / 60_000 + 1e-6)
            }
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('lets nobody through while it is paused, and does not make up for it afterwards', async () => {
    const clock = virtualClock()
    const limiter = createRateLimiter({ per_minute: 60, burst: 5 }, clock)
    const at: number[] = []
    const { signal } = new AbortController()
    limiter.pause(10_000)
    const all = Promise.all(
      Array.from({ length: 4 }, () => limiter.take(signal).then(() => void at.push(clock.monotonic()))),
    )
    await clock.runAll()
    await all
    expect(at.map((ms) => Math.round(ms))).toEqual([11_000, 12_000, 13_000, 14_000])
  })

  it('forgets who gave up waiting, and takes no token for them', async () => {
    const clock = virtualClock()
    const limiter = createRateLimiter({ per_minute: 60, burst: 1 }, clock)
    const { signal } = new AbortController()
    const leaving = new AbortController()
    await limiter.take(signal)
    const gone = limiter.take(leaving.signal)
    const next = limiter.take(signal)
    leaving.abort(new Error('enough'))
    await expect(gone).rejects.toThrow('enough')
    await clock.runAll()
    await next
    expect(clock.monotonic()).toBeCloseTo(1_000)
  })
})
