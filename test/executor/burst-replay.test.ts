/** Bursts of calls at a server that keeps a limit, as scripts/check-shared-load.ts replays them from a measured trace. */
import { describe, expect, it } from 'vitest'
import { rateLimitOf } from '../../src/domain/rate-limit.ts'
import { seededRandom } from '../../src/std/random.ts'
import { replayBurst } from './burst-replay.ts'

/** Ten bursts of up to forty calls, and a few between them, over two minutes. */
function bursts(): number[] {
  const random = seededRandom(7)
  const at = Array.from({ length: 10 }, (_, burst) =>
    Array.from({ length: 1 + Math.floor(random() * 40) }, () => burst),
  )
  const few = Array.from({ length: 40 }, () => random() * 120_000)
  return [...at.flat().map((burst) => burst * 12_000 + random() * 500), ...few].toSorted((a, b) => a - b)
}

describe.each([{ processes: 1 }, { processes: 8 }])('bursts of calls from $processes processes', ({ processes }) => {
  const arrivals = bursts()

  it('are spread so that a server with the same limit refuses none; all are answered, in their order', async () => {
    const server = { per_minute: 240, burst: 10 }
    const seen = await replayBurst({ arrivals, server, limit: server, processes })
    expect(seen).toMatchObject({ answered: arrivals.length, refused: [], overtaken: 0 })
  })

  it('are slowed down by a server that lets half of it through; all are answered, in one attempt each', async () => {
    const server = { per_minute: 100, burst: 5 }
    const seen = await replayBurst({ arrivals, server, limit: rateLimitOf(250, 10), processes })
    expect(seen.answered).toBe(arrivals.length)
    expect(seen.refused.length).toBeGreaterThan(0)
    expect(seen.refused.length).toBeLessThan(arrivals.length / 4)
  })
})
