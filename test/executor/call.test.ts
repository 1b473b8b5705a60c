import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NetworkError, RateLimitError, ServerError, StoreError, ValidationError } from '../../src/domain/errors.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { candidate, retry, spec, harness, scriptedHarness, settled, types } from './harness.ts'

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

describe('functions', () => {
  it('are found by name, with a guess at what was meant', async () => {
    const { executor } = harness({ summarise: () => 1 })
    const outcome = await executor.execute(spec({ chain: [candidate('sumarise')] }), memoryCall().context)
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'not_found', hint: 'did you mean "summarise"?' } })
  })

  it('may keep files and read those that the run holds', async () => {
    const memory = memoryCall()
    const held = memory.files.hold(new TextEncoder().encode('hello'), 'in.txt')
    const { executor } = harness({
      upper: async (input, { read, keep }) => {
        const text = new TextDecoder().decode(await read(String(input['file'])))
        return { file: await keep(new TextEncoder().encode(text.toUpperCase()), 'out.txt', 'text/plain') }
      },
    })
    const uri = `artifact:${held.sha256}/in.txt`
    const outcome = await executor.execute(spec({ chain: [candidate('upper')], input: { file: uri } }), memory.context)
    const [file] = memory.files.kept
    expect(outcome).toMatchObject({ output: { file: `artifact:${file?.sha256}/out.txt` }, files: [file] })
    expect(new TextDecoder().decode(await memory.files.read(file?.sha256 ?? ''))).toBe('HELLO')
  })

  it('give JSON: what is undefined is null, what can not be written fails', async () => {
    const { executor } = harness({
      nothing: () => undefined,
      big: () => 1n,
      date: () => ({ at: new Date(0), no: undefined }),
    })
    const run = (name: string) => executor.execute(spec({ chain: [candidate(name)] }), memoryCall().context)
    expect(await run('nothing')).toMatchObject({ output: null })
    expect(await run('date')).toMatchObject({ output: { at: '1970-01-01T00:00:00.000Z' } })
    expect(await run('big')).toMatchObject({ status: 'failed', error: { code: 'exception' } })
  })
})
