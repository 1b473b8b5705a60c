import { describe, expect, it } from 'vitest'
import { sweep } from './kill-sweep.ts'

/** How often a process is killed. `.ci/run` asks for 300; `node scripts/chaos-sweep.cjs` for as many as you like. */
const points = Number(process.env.CHAOS_POINTS ?? 30)
const seed = Number(process.env.CHAOS_SEED ?? 1)

describe('kill -9', () => {
  it(
    `at ${points} points, each followed by a resume, changes nothing: outputs, journal, predictions asked for`,
    async () => {
      const report = await sweep({ points, seed })
      expect(report.faults).toEqual([])
      expect(report.creates).toBe(report.expectedCreates)
      expect(report.atBoundaries).toBeGreaterThan(points * 0.3)
      expect(report.atRandom).toBeGreaterThan(points * 0.3)
    },
    60_000 + points * 5_000,
  )
})
