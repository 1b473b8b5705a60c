import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateLimitError, ValidationError } from '../../src/domain/errors.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import { createBudget } from '../../src/executor/resilience/budget.ts'
import type { CacheRow } from '../../src/executor/resilience/cache.ts'
import { seededRandom } from '../../src/std/random.ts'
import type { Target } from '../../src/targets/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { memoryCall, type MemoryCallOptions } from '../../src/testing/memory-call.ts'
import { candidate, spec, harness, scripted } from './harness.ts'

describe('budget', () => {
  it('is never passed by concurrent calls, whatever they cost', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 32, maxLength: 32 }),
        fc.integer({ min: 50, max: 2_000 }),
        async (cents, limit) => {
          let spent = 0
          const target: Target = {
            kind: 'priced',
            async call(asked, input, context) {
              await context.record.intended(input, undefined)
              await context.clock.sleep(Number(input['cents']))
              spent += Number(input['cents'])
              return { output: null, files: [], cost_usd: Number(input['cents']), model: asked.model }
            },
            // An upper bound, as a timeout's worth of hardware is.
            estimate: async (_candidate, input) => Math.min(100, Number(input['cents']) + 20),
            close: async () => {},
          }
          const executor = createExecutor({ targets: async () => target, clock: eagerClock(), random: seededRandom(2) })
          const budget = createBudget({ limit_usd: limit, spent_usd: 0 })
          const outcomes = await Promise.all(
            cents.map((cost) => executor.execute(spec({ input: { cents: cost } }), memoryCall({ budget }).context)),
          )
          expect(spent).toBeLessThanOrEqual(limit)
          expect(budget.spent()).toBeCloseTo(spent)
          const stopped = outcomes.filter((outcome) => outcome.status === 'stopped')
          for (const outcome of stopped) expect(outcome).toMatchObject({ error: { code: 'budget_exceeded' } })
          // It refuses only what would really have passed the cap.
          if (cents.reduce((sum, cost) => sum + cost, 0) + 100 <= limit) expect(stopped).toEqual([])
        },
      ),
      { numRuns: 40 },
    )
  })

  it('refuses a call of unknown price under a hard cap, unless a default is given', async () => {
    const unpriced: Target = {
      ...scripted(async (context) => (await context.record.intended({}, undefined), 'ok')),
      estimate: async () => null,
    }
    const run = (budget: MemoryCallOptions['budget']) => {
      const executor = createExecutor({ targets: async () => unpriced, clock: eagerClock(), random: seededRandom(1) })
      return executor.execute(spec(), memoryCall(budget ? { budget } : {}).context)
    }
    expect(await run(createBudget({ limit_usd: 1, spent_usd: 0 }))).toMatchObject({
      status: 'stopped',
      error: { code: 'budget_exceeded' },
    })
    expect(await run(createBudget({ limit_usd: 1, spent_usd: 0, default_usd: 0.1 }))).toMatchObject({
      status: 'succeeded',
    })
    expect(await run(createBudget({ spent_usd: 0 }))).toMatchObject({ status: 'succeeded' })
  })
})

describe('cache', () => {
  function store() {
    const rows = new Map<string, CacheRow>()
    return {
      rows,
      get: async (key: string) => rows.get(key),
      put: async (row: CacheRow) => void rows.set(row.key, row),
    }
  }

  it('is off by default; with it, an equal call costs nothing, is no attempt and journals no call', async () => {
    let calls = 0
    const cache = store()
    const { executor } = harness({ f: () => (calls += 1) }, { cache })
    const chain = [candidate('f', { price: { usd_per_call: 1 } })]
    await executor.execute(spec({ chain }), memoryCall().context)
    await executor.execute(spec({ chain, cache: {} }), memoryCall().context)
    expect(calls).toBe(2)
    const { context, facts } = memoryCall({ budget: createBudget({ limit_usd: 0, spent_usd: 0 }) })
    expect(await executor.execute(spec({ chain, cache: {} }), context)).toMatchObject({
      output: 2,
      cached: true,
      cost_usd: 0,
      attempts: 0,
    })
    expect(facts).toEqual([])
    await executor.execute(spec({ chain, cache: {}, input: { other: true } }), memoryCall().context)
    expect(calls).toBe(3)
  })

  it('keeps only what succeeded, and no longer than its ttl', async () => {
    let calls = 0
    const { executor, clock } = harness(
      {
        f: () => {
          calls += 1
          if (calls === 1) throw new ValidationError('no')
          return calls
        },
      },
      { cache: store() },
    )
    const policy = { ttl_ms: 1_000 }
    expect((await executor.execute(spec({ cache: policy }), memoryCall().context)).status).toBe('failed')
    expect(await executor.execute(spec({ cache: policy }), memoryCall().context)).toMatchObject({
      output: 2,
      cached: false,
    })
    expect(await executor.execute(spec({ cache: policy }), memoryCall().context)).toMatchObject({
      output: 2,
      cached: true,
    })
    clock.advance(1_000)
    expect(await executor.execute(spec({ cache: policy }), memoryCall().context)).toMatchObject({
      output: 3,
      cached: false,
    })
  })

  it('makes one call for equal calls in flight', async () => {
    let calls = 0
    const { executor } = harness(
      { f: async (_input, { signal }) => (await eagerClock().sleep(5, signal), (calls += 1)) },
      { cache: store() },
    )
    const all = await Promise.all(
      Array.from({ length: 10 }, () => executor.execute(spec({ cache: {} }), memoryCall().context)),
    )
    expect(calls).toBe(1)
    expect(all.filter((outcome) => outcome.status === 'succeeded' && outcome.cached)).toHaveLength(9)
  })

  it('takes files by content, not by name, and forgets a result whose file is gone', async () => {
    let calls = 0
    const { executor } = harness(
      { f: async (_input, { keep }) => keep(new Uint8Array([(calls += 1)]), 'a.bin') },
      { cache: store() },
    )
    const hash = 'a'.repeat(64)
    const first = memoryCall()
    await executor.execute(spec({ cache: {}, input: { image: `artifact:${hash}/one.png` } }), first.context)
    const again = await executor.execute(
      spec({ cache: {}, input: { image: `artifact:${hash}/two.png` } }),
      first.context,
    )
    expect(again).toMatchObject({ cached: true, files: [{ name: 'a.bin' }] })
    // Another run's store that lost the file.
    const other = await executor.execute(
      spec({ cache: {}, input: { image: `artifact:${hash}/one.png` } }),
      memoryCall().context,
    )
    expect(other).toMatchObject({ cached: false })
  })
})

describe('the rate limit', () => {
  it('lets a burst out and then keeps the rate, and pauses for everybody after a 429', async () => {
    const at: number[] = []
    let refused = false
    const clock = eagerClock(60_000)
    const target = scripted(async (context) => {
      await context.record.intended({}, undefined)
      at.push(context.clock.monotonic())
      if (at.length === 3 && !refused) {
        refused = true
        throw new RateLimitError('slow down', { retryAfterMs: 10_000 })
      }
      return 'ok'
    })
    const limits = { function: { per_minute: 60, burst: 2 } }
    const executor = createExecutor({ targets: async () => target, clock, random: seededRandom(1), limits })
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => executor.execute(spec(), memoryCall().context)))
    expect(outcomes.every((outcome) => outcome.status === 'succeeded' && outcome.attempts === 1)).toBe(true)
    expect(at).toHaveLength(7)
    expect(at.slice(0, 2)).toEqual([0, 0])
    expect(at[2]).toBeGreaterThanOrEqual(1_000)
    expect(at[3]).toBeGreaterThanOrEqual((at[2] as number) + 10_000)
    for (let index = 4; index < 7; index += 1)
      expect((at[index] as number) - (at[index - 1] as number)).toBeGreaterThanOrEqual(999)
  })
})
