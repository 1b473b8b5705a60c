import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RateLimitError } from '../../src/domain/errors.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import { createCallLimits } from '../../src/executor/resilience/limits/call-limits.ts'
import { createMemoryCells } from '../../src/std/cells.ts'
import { createBudget } from '../../src/executor/resilience/budget/budget.ts'
import { seededRandom } from '../../src/std/random.ts'
import type { Target } from '../../src/targets/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { memoryCall, type MemoryCallOptions } from '../../src/testing/memory-call.ts'
import { spec, scripted } from './harness.ts'

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

  it.each([
    ['less than was set aside for it', 0.25, 0.25],
    ['all of it', 1, 1],
    ['what nobody knows', null, 1],
  ])('counts a call that is taken up once, when it cost %s', async (_what, cost_usd, spent) => {
    const target: Target = {
      ...scripted(async () => null),
      async call(asked, _input, context) {
        await context.record.reattached('known_id', 'p1')
        return { output: null, files: [], cost_usd, model: asked.model }
      },
    }
    const executor = createExecutor({ targets: async () => target, clock: eagerClock(), random: seededRandom(1) })
    // The run that goes on counts what was set aside for it as spent.
    const budget = createBudget({ limit_usd: 1, spent_usd: 1 })
    const open = { call: 1, candidate: 0, model: 'f', id: 'p1', body: {}, intended_at: 1, reserve_usd: 1 }
    const { context } = memoryCall({ budget, prior: { calls: 1, open } })
    expect(await executor.execute(spec(), context)).toMatchObject({ status: 'succeeded' })
    expect(budget.spent()).toBe(spent)
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
    const cells = createMemoryCells()
    const providers = { function: { rate: { per_minute: 60, burst: 2 } } }
    const limits = createCallLimits({ providers, models: {} }, { cells: async () => cells, clock, process: 'this' })
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
