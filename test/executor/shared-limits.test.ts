/** Limits and bulkheads that real processes share. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createBulkhead } from '../../src/executor/resilience/limits/bulkhead.ts'
import { openCells } from '../../src/state/cells/open.ts'
import { probeHolder, thisHolder } from '../../src/state/store/holder.ts'
import { systemClock } from '../../src/std/clock.ts'
import { temporaryFolder } from '../../src/testing/temporary-folder.ts'

const freshFile = async () => {
  const folder = await temporaryFolder()
  onTestFinished(folder.remove)
  return folder.file('shared.db')
}
const source = (path: string) => JSON.stringify(import.meta.resolve(`../../src/${path}`))
const options = (script: string) => ['--input-type=module', '--eval', script]

describe('eight processes with one limit', () => {
  const start = Date.UTC(2026, 0, 1)

  /** How many each took before it would have had to wait, at a moment that lasts. */
  async function took(file: string, limit: { per_minute: number; burst: number }, now: number): Promise<number> {
    const taker = `
      const { openCells } = await import(${source('state/cells/open.ts')})
      const { createRateLimiter, makeBucket } = await import(${source('executor/resilience/limits/rate-limit.ts')})
      const { systemClock } = await import(${source('std/clock.ts')})
      const cells = await openCells({ file: ${JSON.stringify(file)}, clock: systemClock, random: Math.random })
      const clock = { now: () => ${now}, monotonic: () => 0, sleep: async () => { throw new Error('wait') } }
      const limiter = createRateLimiter({ cells: async () => cells, clock, process: String(process.pid) })
      const bucket = makeBucket({ name: 'limit/a', title: 'a', limit: ${JSON.stringify(limit)} })
      let went = 0
      try {
        for (;; went += 1) await limiter.take([{ bucket, units: 1 }], new AbortController().signal)
      } catch (error) {
        if (error.message !== 'wait') throw error
      }
      process.stdout.write(String(went))`
    const run = () => promisify(execFile)(process.execPath, options(taker))
    const all = await Promise.all(Array.from({ length: 8 }, run))
    return all.reduce((sum, { stdout }) => sum + Number(stdout), 0)
  }

  it('let out the burst in all, and then what has come in since', async () => {
    const file = await freshFile()
    const limit = { per_minute: 600, burst: 100 }
    expect(await took(file, limit, start)).toBe(100)
    expect(await took(file, limit, start + 3_000)).toBe(30)
  })

  it('let out no more where they take blocks, and lose none for long', async () => {
    const file = await freshFile()
    const limit = { per_minute: 60_000, burst: 800 }
    const first = await took(file, limit, start)
    expect(first).toBeLessThanOrEqual(800)
    expect(first).toBeGreaterThanOrEqual(400)
    expect(await took(file, limit, start + 2_000)).toBeLessThanOrEqual(800)
  })
})

describe('a process that has a place of a bulkhead', () => {
  it('keeps it as long as it lives, and no longer when it is killed', async () => {
    const file = await freshFile()
    const entering = `
      const { openCells } = await import(${source('state/cells/open.ts')})
      const { createBulkhead } = await import(${source('executor/resilience/limits/bulkhead.ts')})
      const { thisHolder } = await import(${source('state/store/holder.ts')})
      const { systemClock: clock } = await import(${source('std/clock.ts')})
      const cells = await openCells({ file: ${JSON.stringify(file)}, clock, random: Math.random })
      const parts = { cells: async () => cells, clock, process: 'killed', self: thisHolder }
      const bulkhead = createBulkhead({ max_concurrent: 1 }, { name: 'limit/a/slots', title: 'a' }, parts)
      await bulkhead.enter(new AbortController().signal)
      process.stdout.write('in')
      setInterval(() => {}, 1_000)`
    const holder = spawn(process.execPath, options(entering), { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void holder.kill('SIGKILL'))
    await once(holder.stdout, 'data')
    const cells = await openCells({ file, clock: systemClock, random: Math.random })
    onTestFinished(() => cells.close())
    let asked = 0
    const here = createBulkhead(
      { max_concurrent: 1 },
      { name: 'limit/a/slots', title: 'a' },
      {
        ...{ cells: async () => cells, clock: systemClock, process: 'here' },
        self: () => ({ ...thisHolder() }),
        isGone(other) {
          asked += 1
          const gone = probeHolder(other as never) === 'gone'
          // It was looked at and found alive: now it may end.
          if (!gone && asked === 2) holder.kill('SIGKILL')
          return gone
        },
      },
    )
    const leave = await here.enter(new AbortController().signal)
    expect(asked).toBeGreaterThan(2)
    leave()
    await here.close()
    expect(cells.get('limit/a/slots')).toBeUndefined()
  })
})
