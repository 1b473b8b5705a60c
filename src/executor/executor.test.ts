import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { defaultRetry, type RetryPolicy } from '../domain/definition.ts'
import {
  AuthenticationError,
  CancelledError,
  NetworkError,
  RateLimitError,
  ServerError,
  StoreError,
  ValidationError,
} from '../domain/errors.ts'
import type { Json, JsonObject } from '../std/json.ts'
import { seededRandom } from '../std/random.ts'
import { type AgentFunction, createFunctionTarget } from '../targets/function/target.ts'
import type { Candidate, Target, TargetContext } from '../targets/target.ts'
import { eagerClock } from '../testing/eager-clock.ts'
import { memoryCall, type MemoryCallOptions } from '../testing/memory-call.ts'
import type { CallFact, CallSpec } from './contract.ts'
import { createExecutor, type ExecutorParts } from './executor.ts'
import { createBudget } from './resilience/budget.ts'
import type { CacheRow } from './resilience/cache.ts'

const candidate = (model: string, more: Partial<Candidate> = {}): Candidate => ({
  name: model,
  target: 'function',
  model,
  deployment: false,
  defaults: {},
  ...more,
})
const retry = (more: Partial<RetryPolicy> = {}): RetryPolicy => ({ ...defaultRetry, ...more })
const spec = (more: Partial<CallSpec> = {}): CallSpec => ({
  chain: [candidate('f')],
  input: {},
  retry: retry(),
  ...more,
})

function harness(functions: Record<string, AgentFunction>, more: Partial<ExecutorParts> = {}) {
  const clock = eagerClock(60_000)
  const target = createFunctionTarget(functions)
  const executor = createExecutor({ targets: async () => target, clock, random: seededRandom(1), ...more })
  return { clock, executor }
}

/** A target that does what the test says, attempt by attempt. */
function scripted(script: (context: TargetContext, at: number, input: JsonObject) => Promise<Json>): Target {
  let at = 0
  return {
    kind: 'scripted',
    async call(asked, input, context) {
      at += 1
      const output = await script(context, at, input)
      return { output, files: [], cost_usd: 0.5, model: asked.model }
    },
    estimate: async () => 1,
    close: async () => {},
  }
}

function scriptedHarness(script: Parameters<typeof scripted>[0], more: Partial<ExecutorParts> = {}) {
  const clock = eagerClock()
  const target = scripted(script)
  return { clock, executor: createExecutor({ targets: async () => target, clock, random: seededRandom(1), ...more }) }
}

const settled = (facts: CallFact[]) => facts.filter((fact) => fact.type === 'call.settled')
const types = (facts: CallFact[]) => facts.map((fact) => fact.type)

describe('an undisturbed call', () => {
  it('gives the output and journals the intent before the call and the settlement after it', async () => {
    const { executor } = harness({ f: (input) => ({ got: input['x'] ?? null }) })
    const { context, facts } = memoryCall()
    const outcome = await executor.execute(spec({ input: { x: 1 } }), context)
    expect(outcome).toMatchObject({
      status: 'succeeded',
      output: { got: 1 },
      attempts: 1,
      cost_usd: 0,
      cached: false,
      model: 'f',
    })
    expect(types(facts)).toEqual(['call.intended', 'call.settled'])
    expect(facts[0]).toMatchObject({
      call: 1,
      candidate: 0,
      target: 'function',
      model: 'f',
      body: { x: 1 },
      reserve_usd: 0,
    })
  })

  it("merges the input over the candidate's defaults", async () => {
    const { executor } = harness({ f: (input) => input })
    const chain = [candidate('f', { defaults: { a: 1, b: 1 } })]
    const outcome = await executor.execute(spec({ chain, input: { b: 2 } }), memoryCall().context)
    expect(outcome).toMatchObject({ output: { a: 1, b: 2 } })
  })

  it('costs what the price of its agent says', async () => {
    const { executor } = harness({ f: () => 1 })
    const chain = [candidate('f', { price: { usd_per_call: 0.25 } })]
    expect(await executor.execute(spec({ chain }), memoryCall().context)).toMatchObject({ cost_usd: 0.25 })
  })

  it('sends nothing and rejects when the intent can not be journaled', async () => {
    let called = 0
    const { executor } = harness({ f: () => (called += 1) })
    const lost = new StoreError('lease_lost', 'another process drives the run')
    const { context } = memoryCall({ onRecord: () => Promise.reject(lost) })
    await expect(executor.execute(spec(), context)).rejects.toBe(lost)
    expect(called).toBe(0)
  })
})

describe('retries', () => {
  it('counts the first call as an attempt and journals how long it waits', async () => {
    let calls = 0
    const { executor } = harness({
      f: () => {
        calls += 1
        if (calls < 3) throw new ServerError('down')
        return calls
      },
    })
    const { context, facts } = memoryCall()
    const outcome = await executor.execute(
      spec({ retry: retry({ attempts: 3, jitter: 'none', base_delay_ms: 100 }) }),
      context,
    )
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 3, output: 3 })
    expect(settled(facts)).toMatchObject([
      { call: 1, status: 'failed', retry_in_ms: 100 },
      { call: 2, status: 'failed', retry_in_ms: 200 },
      { call: 3, status: 'succeeded' },
    ])
  })

  it('makes as many calls as the policy allows, whatever fails, and no more', async () => {
    const failures = [
      ['server', () => new ServerError('x')],
      ['network', () => new NetworkError('x')],
      ['exception', () => new Error('x')],
    ] as const
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 8 }),
        fc.subarray([...failures]),
        fc.constantFrom(...failures),
        async (attempts, on, [kind, make]) => {
          let calls = 0
          const { executor } = harness({
            f: () => {
              calls += 1
              throw make()
            },
          })
          const policy = retry({ attempts, on: on.map(([name]) => name) })
          const outcome = await executor.execute(spec({ retry: policy }), memoryCall().context)
          const expected = on.some(([name]) => name === kind) ? attempts : 1
          expect(outcome).toMatchObject({ status: 'failed', attempts: expected, error: { code: kind } })
          expect(calls).toBe(expected)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('never retries what can not help, such as a refused input', async () => {
    let calls = 0
    const { executor } = harness({
      f: () => {
        calls += 1
        throw new ValidationError('prompt is missing')
      },
    })
    const outcome = await executor.execute(spec(), memoryCall().context)
    expect(outcome).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'validation' } })
    expect(calls).toBe(1)
  })

  it('waits for a 429 without using up an attempt, and never less than Retry-After', async () => {
    let calls = 0
    const { executor, clock } = harness({
      f: () => {
        calls += 1
        if (calls <= 5) throw new RateLimitError('slow down', { retryAfterMs: 3_000 })
        return 'done'
      },
    })
    const { context, facts, progress } = memoryCall()
    const outcome = await executor.execute(spec({ retry: retry({ attempts: 1 }) }), context)
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 1 })
    expect(clock.slept.filter((ms) => ms >= 3_000)).toHaveLength(5)
    expect(settled(facts)).toHaveLength(1)
    expect(new Set(facts.map((fact) => ('call' in fact ? fact.call : 0)))).toEqual(new Set([1]))
    expect(progress[0]?.status).toMatch(/rate limited/)
  })

  it('gives up on a 429 when the policy does not list rate_limited', async () => {
    const { executor } = harness({
      f: () => {
        throw new RateLimitError('slow down', { retryAfterMs: 1_000 })
      },
    })
    const outcome = await executor.execute(spec({ retry: retry({ on: ['server'] }) }), memoryCall().context)
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'rate_limited' }, attempts: 1 })
  })

  it('adds up what failed attempts cost, and says null when one is unknown', async () => {
    const costs = [0.1, 0.2] as const
    const run = async (second: number | null) => {
      const { executor } = scriptedHarness(async (context, at) => {
        await context.record.intended({}, undefined)
        if (at === 1) throw new ServerError('x', { details: { cost_usd: costs[0] } })
        if (at === 2) throw new ServerError('x', { details: { cost_usd: second } })
        return 'ok'
      })
      return executor.execute(spec(), memoryCall().context)
    }
    expect((await run(0.2)).cost_usd).toBeCloseTo(0.8)
    expect((await run(null)).cost_usd).toBeNull()
  })
})

describe('what earlier processes did', () => {
  it('counts attempts that were made before', async () => {
    let calls = 0
    const { executor } = harness({
      f: () => {
        calls += 1
        throw new ServerError('x')
      },
    })
    const { context, facts } = memoryCall({ prior: { attempts: [2], calls: 2, cost_usd: 0.4, elapsed_ms: 70 } })
    const outcome = await executor.execute(spec({ retry: retry({ attempts: 3 }) }), context)
    expect(calls).toBe(1)
    expect(outcome).toMatchObject({ status: 'failed', attempts: 3, cost_usd: 0.4 })
    expect(outcome.latency_ms).toBeGreaterThanOrEqual(70)
    expect(facts[0]).toMatchObject({ call: 3 })
  })

  it('calls nothing when every attempt was used up, and tells the last failure again', async () => {
    const { executor } = harness({ f: () => expect.unreachable() })
    const last_error = { code: 'server', message: 'it was down', retryable: true } as const
    const { context, facts } = memoryCall({ prior: { attempts: [3], calls: 3, last_error } })
    const outcome = await executor.execute(spec(), context)
    expect(outcome).toMatchObject({ status: 'failed', attempts: 3, error: { code: 'server', message: 'it was down' } })
    expect(facts).toEqual([])
  })

  it('does not repeat a failure that its policy does not retry', async () => {
    const { executor } = harness({ f: () => expect.unreachable(), g: () => 'g' })
    const last_error = { code: 'validation', message: 'no', retryable: false } as const
    const { context } = memoryCall({ prior: { attempts: [1], calls: 1, last_error } })
    const outcome = await executor.execute(spec({ chain: [candidate('f'), candidate('g')] }), context)
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'g', attempts: 2 })
  })

  it('takes an open call up first, on its own candidate, even a fallback', async () => {
    const seen: unknown[] = []
    const { executor } = scriptedHarness(async (context, at) => {
      seen.push(context.open)
      if (at > 1) expect.unreachable()
      await context.record.reattached('known_id', 'p1')
      return 'adopted'
    })
    const open = { call: 4, candidate: 1, model: 'g', body: {}, intended_at: 1, id: 'p1' }
    const { context, facts } = memoryCall({ prior: { attempts: [3], calls: 4, open } })
    const outcome = await executor.execute(spec({ chain: [candidate('f'), candidate('g')] }), context)
    expect(outcome).toMatchObject({ status: 'succeeded', output: 'adopted', model: 'g', attempts: 4 })
    expect(seen).toMatchObject([{ call: 4, id: 'p1' }])
    expect(facts).toMatchObject([
      { type: 'call.reattached', call: 4 },
      { type: 'call.settled', call: 4 },
    ])
  })

  it('makes a function call anew that was in flight, and says that it could not be found', async () => {
    const { executor } = harness({ f: () => 'again' })
    const open = { call: 1, candidate: 0, model: 'f', body: {}, intended_at: 1 }
    const { context, facts } = memoryCall({ prior: { calls: 1, open } })
    expect(await executor.execute(spec(), context)).toMatchObject({ status: 'succeeded', output: 'again', attempts: 1 })
    expect(types(facts)).toEqual(['call.reattached', 'call.intended', 'call.settled'])
  })
})

describe('an unanswered call', () => {
  it('is handed to the next attempt as open, under its new number, and costs nothing twice', async () => {
    const opens: unknown[] = []
    const { executor } = scriptedHarness(async (context, at) => {
      opens.push(context.open)
      if (at === 1) {
        await context.record.intended({ prompt: 'a' }, 'v1')
        await context.record.created('p1', 'created')
        throw new NetworkError('no answer', { details: { unanswered: true, cost_usd: null } })
      }
      await context.record.reattached('known_id', 'p1')
      return 'here'
    })
    const { context, facts } = memoryCall()
    const outcome = await executor.execute(spec(), context)
    expect(outcome).toMatchObject({ status: 'succeeded', attempts: 2, cost_usd: 0.5 })
    expect(opens[1]).toMatchObject({ id: 'p1', version: 'v1', body: { prompt: 'a' } })
    expect(facts.map((fact) => [fact.type, 'call' in fact && fact.call, 'status' in fact && fact.status])).toEqual([
      ['call.intended', 1, false],
      ['call.created', 1, false],
      ['call.settled', 1, 'abandoned'],
      ['call.intended', 2, false],
      ['call.reattached', 2, false],
      ['call.settled', 2, 'succeeded'],
    ])
  })

  it('leaves the cost unknown when nobody takes it up any more', async () => {
    const { executor } = scriptedHarness(async (context) => {
      await context.record.intended({}, undefined)
      throw new NetworkError('no answer', { details: { unanswered: true, cost_usd: null } })
    })
    const outcome = await executor.execute(spec({ retry: retry({ attempts: 2 }) }), memoryCall().context)
    expect(outcome).toMatchObject({ status: 'failed', attempts: 2, cost_usd: null })
  })

  it('never lets a search adopt a prediction of an earlier attempt', async () => {
    const claims: boolean[] = []
    const { executor } = scriptedHarness(async (context, at) => {
      await context.record.intended({}, undefined)
      await context.record.created(`p${at}`, 'created')
      if (at === 1) throw new ServerError('prediction failed')
      claims.push(await context.record.claim('p1'), await context.record.claim('p9'))
      return 'ok'
    })
    await executor.execute(spec(), memoryCall().context)
    expect(claims).toEqual([false, true])
  })
})

describe('the chain of fallbacks', () => {
  it('goes to the next candidate once retries are used up, and names all in the error when all fail', async () => {
    const order: string[] = []
    const fail = (name: string) => () => {
      order.push(name)
      throw new ServerError(`${name} is down`)
    }
    const chain = [candidate('a'), candidate('b')]
    const { executor } = harness({ a: fail('a'), b: fail('b'), c: () => 'c' })
    const policy = retry({ attempts: 2 })
    const both = await executor.execute(spec({ chain, retry: policy }), memoryCall().context)
    expect(order).toEqual(['a', 'a', 'b', 'b'])
    expect(both).toMatchObject({
      status: 'failed',
      attempts: 4,
      error: { message: 'b is down', details: { tried: [{ model: 'a' }, { model: 'b' }] } },
    })
    const { context, facts } = memoryCall()
    const third = await executor.execute(spec({ chain: [...chain, candidate('c')], retry: policy }), context)
    expect(third).toMatchObject({ status: 'succeeded', output: 'c', model: 'c', attempts: 5 })
    expect(facts.filter((fact) => fact.type === 'call.intended').map((fact) => fact.candidate)).toEqual([0, 0, 1, 1, 2])
  })

  it('stops the run at an authentication error instead of trying the next, and leaves the call open', async () => {
    const { executor } = harness({
      a: () => {
        throw new AuthenticationError('bad token')
      },
      b: () => expect.unreachable(),
    })
    const { context, facts } = memoryCall()
    const outcome = await executor.execute(spec({ chain: [candidate('a'), candidate('b')] }), context)
    expect(outcome).toMatchObject({ status: 'stopped', error: { code: 'authentication' }, attempts: 0 })
    expect(settled(facts)).toEqual([])
  })
})

describe('timeout and cancellation', () => {
  const hang = (context: TargetContext): Promise<Json> =>
    new Promise((_resolve, reject) => {
      context.signal.addEventListener('abort', () => reject(context.signal.reason as Error))
    })

  it('covers all attempts together, with what was spent before', async () => {
    const { executor, clock } = scriptedHarness(async (context, at) => {
      await context.record.intended({}, undefined)
      if (at === 1) throw new ServerError('x')
      setImmediate(() => clock.advance(20_000))
      return hang(context)
    })
    const { context, facts } = memoryCall({ prior: { elapsed_ms: 10_000 } })
    const outcome = await executor.execute(spec({ timeout_ms: 30_000 }), context)
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'timeout' }, attempts: 2, cost_usd: null })
    expect(settled(facts)).toMatchObject([{ status: 'failed' }, { status: 'cancelled', error: { code: 'timeout' } }])
    expect(outcome.latency_ms).toBeGreaterThanOrEqual(30_000)
  })

  it('tells the target by when it must be over', async () => {
    const { executor, clock } = scriptedHarness(async (context) => context.deadline ?? null)
    const start = clock.now()
    const outcome = await executor.execute(spec({ timeout_ms: 30_000 }), memoryCall().context)
    expect(outcome).toMatchObject({ output: start + 30_000 })
  })

  it('ends as cancelled, with what the target says that it cost', async () => {
    const controller = new AbortController()
    const { executor } = scriptedHarness(async (context) => {
      await context.record.intended({}, undefined)
      controller.abort(new CancelledError('cancelled by a person'))
      throw new CancelledError('cancelled at the remote', { details: { cost_usd: 0.01 } })
    })
    const { context, facts } = memoryCall({ signal: controller.signal })
    expect(await executor.execute(spec(), context)).toMatchObject({ status: 'cancelled', attempts: 1, cost_usd: 0.01 })
    expect(settled(facts)).toMatchObject([{ status: 'cancelled' }])
  })

  it('does not wait for ever for a target that does not end', async () => {
    const controller = new AbortController()
    const { executor, clock } = scriptedHarness(() => {
      controller.abort(new CancelledError('cancelled by a person'))
      setImmediate(() => clock.advance(60_000))
      return new Promise(() => {})
    })
    const { context } = memoryCall({ signal: controller.signal })
    expect(await executor.execute(spec(), context)).toMatchObject({ status: 'cancelled' })
  })

  it('rejects with the reason, and settles nothing, when the work is only abandoned', async () => {
    const controller = new AbortController()
    const reason = new CancelledError('second Ctrl-C', { code: 'interrupted' })
    const { executor } = scriptedHarness(async (context) => {
      await context.record.intended({}, undefined)
      controller.abort(reason)
      return new Promise(() => {})
    })
    const { context, facts } = memoryCall({ signal: controller.signal })
    await expect(executor.execute(spec(), context)).rejects.toBe(reason)
    expect(settled(facts)).toEqual([])
  })

  it('keeps a result that arrives together with the cancellation', async () => {
    const controller = new AbortController()
    const { executor } = scriptedHarness(async () => {
      controller.abort(new CancelledError('cancelled by a person'))
      return 'just in time'
    })
    const { context } = memoryCall({ signal: controller.signal })
    expect(await executor.execute(spec(), context)).toMatchObject({ status: 'succeeded', output: 'just in time' })
  })

  it('begins nothing when it is cancelled during a back-off', async () => {
    const controller = new AbortController()
    let calls = 0
    const { executor } = harness({
      f: () => {
        calls += 1
        throw new RateLimitError('later', { retryAfterMs: 3_600_000 })
      },
    })
    const { context } = memoryCall({ signal: controller.signal })
    const outcome = executor.execute(spec(), context)
    setImmediate(() => setImmediate(() => controller.abort(new CancelledError('enough'))))
    expect(await outcome).toMatchObject({ status: 'cancelled' })
    expect(calls).toBe(1)
  })
})

describe('output_schema', () => {
  const output_schema = { type: 'object', required: ['score'], properties: { score: { type: 'number' } } }

  it('reads JSON out of the text that a language model wrote', async () => {
    const fenced = 'Here you are:\n```json\n{"score": 7}\n```\nAnything else?'
    for (const output of ['{"score": 7}', ['{"sco', 're": 7}'], fenced, { score: 7 }]) {
      const { executor } = harness({ f: () => output })
      expect(await executor.execute(spec({ output_schema }), memoryCall().context)).toMatchObject({
        output: { score: 7 },
      })
    }
  })

  it('fails as invalid_output, which is retried only when the policy says so, and was paid for', async () => {
    let calls = 0
    const { executor } = harness({ f: () => ((calls += 1) < 2 ? 'no idea' : { score: 1 }) })
    const chain = [candidate('f', { price: { usd_per_call: 1 } })]
    const once = await executor.execute(spec({ chain, output_schema }), memoryCall().context)
    expect(once).toMatchObject({ status: 'failed', error: { code: 'invalid_output' }, cost_usd: 1, attempts: 1 })
    calls = 0
    const twice = await executor.execute(
      spec({ chain, output_schema, retry: retry({ on: ['invalid_output'] }) }),
      memoryCall().context,
    )
    expect(twice).toMatchObject({ status: 'succeeded', cost_usd: 2, attempts: 2 })
  })
})

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
