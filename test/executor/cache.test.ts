/** The cache of results: what it keeps and gives, for whom, and that equal calls are made once. */
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CachePolicyName } from '../../src/domain/cache.ts'
import { CancelledError, StoreError, TimeoutError, ValidationError } from '../../src/domain/errors.ts'
import { defaultRouting, type QualityPolicy } from '../../src/domain/routing.ts'
import type { CallSpec } from '../../src/executor/contract.ts'
import { createExecutor } from '../../src/executor/executor.ts'
import { createBudget } from '../../src/executor/resilience/budget/budget.ts'
import type { CacheParts } from '../../src/executor/resilience/cache/cache.ts'
import { openMemoryStore } from '../engine/memory-store.ts'
import { createMemoryCells } from '../../src/std/cells.ts'
import type { Json } from '../../src/std/json.ts'
import { seededRandom } from '../../src/std/random.ts'
import type { AgentFunction } from '../../src/targets/function/target.ts'
import { eagerClock } from '../../src/testing/eager-clock.ts'
import { memoryCall } from '../../src/testing/memory-call.ts'
import { candidate, harness, scripted, spec, types } from './harness.ts'

/** A cache over a store in memory; what is done in the background is done when the test says so. */
function cacheOver(store = openMemoryStore(eagerClock(), seededRandom(1)), more: Partial<CacheParts> = {}) {
  const warnings: string[] = []
  const work = new Set<() => void>()
  const cache: CacheParts = {
    disk: {
      get: (key) => store.cacheGet('real', key),
      write: (batch, now) => store.cacheWrite('real', batch, now),
      evict: (pools, all, now, most) => store.cacheEvict('real', pools, all, now, most),
    },
    warn: (message) => warnings.push(message),
    inBackground(_ms, later) {
      work.add(later)
      return () => work.delete(later)
    },
    ...more,
  }
  /** What would be done in a while. */
  const background = async () => {
    for (let round = 0; round < 3; round += 1) {
      const due = [...work]
      work.clear()
      for (const each of due) each()
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { store, cache, warnings, background }
}

const hit = { status: 'succeeded', cached: true }
const made = { status: 'succeeded', cached: false }

/** An executor over the cache whose model `f` counts its calls. */
function counting(more: Partial<CacheParts> = {}, f?: AgentFunction) {
  let calls = 0
  const parts = cacheOver(undefined, more)
  const own: AgentFunction = () => (calls += 1)
  const { executor, clock } = harness({ f: f ?? own, g: own }, { cache: parts.cache })
  const ask = (asked: Partial<CallSpec> = {}, call = memoryCall()) =>
    executor.execute(spec({ cache: {}, ...asked }), call.context)
  return { ...parts, executor, clock, ask, calls: () => calls }
}

describe('the cache', () => {
  it('is off by default; with it, an equal call costs nothing, is no attempt and journals no call', async () => {
    const { executor, ask, calls } = counting()
    const chain = [candidate('f', { price: { usd_per_call: 1 } })]
    await executor.execute(spec({ chain }), memoryCall().context)
    await ask({ chain })
    expect(calls()).toBe(2)
    const { context, facts } = memoryCall({ budget: createBudget({ limit_usd: 0, spent_usd: 0 }) })
    expect(await executor.execute(spec({ chain, cache: {} }), context)).toMatchObject({
      ...{ ...hit, output: 2, cost_usd: 0, attempts: 0, saved_usd: 1 },
    })
    expect(types(facts)).toEqual(['cache.hit'])
    await ask({ chain, input: { other: true } })
    expect(calls()).toBe(3)
  })

  it('gives what another process kept, and what an earlier one did', async () => {
    const { store, cache } = cacheOver()
    const one = harness({ f: () => 'first' }, { cache })
    await one.executor.execute(spec({ cache: {} }), memoryCall().context)
    await one.executor.close()
    const two = harness({ f: () => 'second' }, { cache: cacheOver(store).cache })
    expect(await two.executor.execute(spec({ cache: {} }), memoryCall().context)).toMatchObject({
      ...hit,
      output: 'first',
    })
  })

  it('counts as equal what differs in the order of keys, the name of a file, and defaults that are written out', async () => {
    const { ask, calls } = counting()
    const hash = 'a'.repeat(64)
    const chain = [candidate('f', { defaults: { size: 1, style: 'plain' } })]
    await ask({ chain, input: { image: `artifact:${hash}/one.png`, more: { a: 1, b: 2 } } })
    const input = { size: 1, more: { b: 2, a: 1 }, image: `artifact:${hash}/two.png` }
    expect(await ask({ chain, input })).toMatchObject(hit)
    // For whom it was kept does not matter.
    const other = [candidate('f', { name: 'another agent' })]
    expect(await ask({ chain: other, input: { ...input, style: 'plain' } })).toMatchObject(hit)
    expect(calls()).toBe(1)
  })

  it.each<[string, Partial<CallSpec>]>([
    ['a value', { input: { a: 2 } }],
    ['a type', { input: { a: '1' } }],
    ['a further key', { input: { a: 1, b: null } }],
    ['a default', { chain: [candidate('f', { defaults: { b: 1 } })] }],
    ['the model', { chain: [candidate('g')] }],
    ['the target', { chain: [candidate('f', { target: 'other' })] }],
    ['a deployment in place of the model', { chain: [candidate('f', { deployment: true })] }],
    ['the content of a file', { input: { a: `artifact:${'b'.repeat(64)}/one.png` } }],
  ])('makes a call that differs in %s', async (_what, other) => {
    const { ask, calls } = counting()
    await ask({ input: { a: 1 } })
    expect(await ask({ input: { a: 1 }, ...other })).toMatchObject(made)
    expect(calls()).toBe(2)
  })

  it('makes a call of another version', async () => {
    const target = { ...scripted(async () => 'ok'), pin: async () => `f:${version}` }
    let version = 'v1'
    const { cache } = cacheOver()
    const executor = createExecutor({
      targets: async () => target,
      clock: eagerClock(),
      random: seededRandom(1),
      cache,
    })
    const ask = () => executor.execute(spec({ cache: {} }), memoryCall().context)
    await ask()
    expect(await ask()).toMatchObject(hit)
    version = 'v2'
    expect(await ask()).toMatchObject(made)
    version = 'v1'
    expect(await ask()).toMatchObject(hit)
  })

  it('keeps only what succeeded, and no longer than its ttl, or than whoever asks wants', async () => {
    let calls = 0
    const { ask, clock } = counting({}, () => {
      calls += 1
      if (calls === 1) throw new ValidationError('no')
      return calls
    })
    const cache = { ttl_ms: 1_000 }
    expect((await ask({ cache })).status).toBe('failed')
    expect(await ask({ cache })).toMatchObject({ ...made, output: 2 })
    clock.advance(900)
    expect(await ask({ cache })).toMatchObject(hit)
    expect(await ask({ cache: { ttl_ms: 800 } })).toMatchObject({ ...made, output: 3 })
    clock.advance(900)
    expect(await ask({ cache: {} })).toMatchObject({ ...made, output: 4 })
  })

  it('gives each caller a copy of its own', async () => {
    const { ask } = counting({}, () => ({ list: [1] }))
    await ask()
    const first = (await ask()) as unknown as { output: { list: number[] } }
    first.output.list.push(2)
    expect(await ask()).toMatchObject({ output: { list: [1] } })
  })

  it('keeps no secret', async () => {
    const { ask, store, executor } = counting({}, () => 'the token is hunter22')
    const mask = <T extends Json>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll('hunter22', '***')) as T
    const call = memoryCall({ mask })
    await ask({ input: { token: 'hunter22' } }, call)
    expect(await ask({ input: { token: 'hunter22' } }, call)).toMatchObject({ output: 'the token is ***' })
    await executor.close()
    const [entry] = await store.cacheNear('real', 'function', 'f', 1)
    const whole = await store.cacheGet('real', entry?.key ?? '')
    expect(JSON.stringify(whole)).not.toContain('hunter22')
    expect(whole).toHaveProperty('value')
  })

  it('forgets a result whose file is gone or damaged, and reads a whole file once', async () => {
    let calls = 0
    const { ask, executor, store } = counting({}, async (_input, { keep }) =>
      keep(new Uint8Array([(calls += 1)]), 'a.bin'),
    )
    const first = memoryCall()
    await ask({}, first)
    let reads = 0
    const { read } = first.context.files
    first.context.files.read = async (hash) => ((reads += 1), read(hash))
    for (let again = 0; again < 3; again += 1)
      expect(await ask({}, first)).toMatchObject({ ...hit, files: [{ name: 'a.bin' }] })
    expect(reads).toBe(1)
    // A store that lost the file.
    const { context, facts } = memoryCall()
    expect(await executor.execute(spec({ cache: {} }), context)).toMatchObject(made)
    expect(facts).toContainEqual(expect.objectContaining({ type: 'cache.missed', reason: 'file_gone' }))
    await executor.close()
    const shares = await store.cacheShares('real')
    expect(shares).toMatchObject([{ agent: 'f', entries: 1 }])
    // The file's bytes are counted.
    expect(shares[0]?.bytes).toBeGreaterThan(1)
  })

  it('holds an answer against the schema and the bar of whoever asks', async () => {
    const { ask, calls } = counting({}, undefined)
    await ask()
    const strict = { output_schema: { type: 'string' } }
    const { context, facts } = memoryCall()
    expect(await ask(strict, { ...memoryCall(), context })).toMatchObject({ status: 'failed' })
    expect(facts).toContainEqual(expect.objectContaining({ type: 'cache.missed', reason: 'misfit' }))
    expect(calls()).toBe(2)
    expect(await ask()).toMatchObject({ ...hit, output: 1 })
  })
})

describe('an answer that was scored', () => {
  const judge = { agent: 'judge', input: {}, sample: 1 }
  const asking = (quality: QualityPolicy) => ({
    routes: new Map([['f', { routing: { ...defaultRouting, quality } }]]),
  })
  const scored = (score: number, bar: number) => {
    const call = memoryCall()
    let asked = 0
    call.context.score = async () => {
      asked += 1
      return { score, by: 'judge', accepted: score >= bar, judging_usd: 0 }
    }
    return { ...call, asked: () => asked }
  }

  it('is given again where what a judge said of it then is enough, without asking the judge again', async () => {
    const { ask } = counting()
    await ask(asking({ judge, accept: 0.5 }), scored(0.7, 0.5))
    const again = scored(0.7, 0.6)
    expect(await ask(asking({ judge, accept: 0.6 }), again)).toMatchObject(hit)
    expect(again.asked()).toBe(0)
    const strict = scored(0.9, 0.8)
    expect(await ask(asking({ judge, accept: 0.8 }), strict)).toMatchObject(made)
    expect(strict.facts[0]).toMatchObject({ type: 'cache.missed', reason: 'not_good_enough' })
    expect(await ask(asking({ judge, accept: 0.8 }), scored(0, 0.8))).toMatchObject(hit)
  })

  it('is held against the expression of whoever asks, which is free', async () => {
    const { ask } = counting()
    await ask()
    const quality = { expression: 'output > 1', accept: 1 }
    expect(await ask(asking(quality), scored(1, 1))).toMatchObject(hit)
    const { context, facts } = scored(0, 1)
    expect((await ask(asking(quality), { ...memoryCall(), context })).status).toBe('failed')
    expect(facts[0]).toMatchObject({ reason: 'not_good_enough' })
  })
})

describe('equal calls in flight', () => {
  it('are made once, whatever else is in flight; each that is called off ends by itself, and nobody waits for ever', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            input: fc.integer({ min: 0, max: 1 }),
            starts: fc.integer({ min: 0, max: 30 }),
            cancelled_after: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
            timeout_ms: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
          }),
          { minLength: 2, maxLength: 12 },
        ),
        fc.array(fc.boolean(), { maxLength: 3 }),
        fc.boolean(),
        async (asked, fails, inMemory) => {
          const underWay = new Map<unknown, number>()
          const left = [...fails]
          const f: AgentFunction = async ({ n }, { signal }) => {
            underWay.set(n, (underWay.get(n) ?? 0) + 1)
            expect(underWay.get(n)).toBe(1)
            try {
              await clock.sleep(20, signal)
              if (left.shift()) throw new ValidationError('no')
              return n ?? null
            } finally {
              underWay.set(n, 0)
            }
          }
          const { executor, clock } = counting(inMemory ? {} : { memory_bytes: 0 }, f)
          const ends = await Promise.all(
            asked.map(async ({ input, starts, cancelled_after, timeout_ms }) => {
              await clock.sleep(starts)
              const caller = new AbortController()
              if (cancelled_after !== undefined)
                void clock.sleep(cancelled_after).then(() => caller.abort(new CancelledError('enough')))
              return executor.execute(
                spec({ cache: {}, input: { n: input }, ...(timeout_ms !== undefined && { timeout_ms }) }),
                memoryCall({ signal: caller.signal }).context,
              )
            }),
          )
          for (const n of [0, 1]) {
            const own = ends.filter((_end, at) => asked[at]?.input === n)
            const paid = own.filter((end) => end.status === 'succeeded' && !end.cached)
            expect(paid.length).toBeLessThanOrEqual(1)
            // Who waits until the end, and is not the one that failed, gets it.
            const patient = own.filter((_end, at) => {
              const one = asked.filter(({ input }) => input === n)[at]
              return one?.cancelled_after === undefined && one?.timeout_ms === undefined
            })
            const failed = patient.filter((end) => end.status === 'failed').length
            expect(failed).toBeLessThanOrEqual(fails.filter(Boolean).length)
            expect(patient.every((end) => end.status === 'failed' || end.status === 'succeeded')).toBe(true)
          }
        },
      ),
      { numRuns: 60 },
    )
  })

  it('of which the first is cancelled or runs out of time are made by the next', async () => {
    for (const reason of [new CancelledError('enough'), new TimeoutError('too long')]) {
      let calls = 0
      const { executor, clock } = counting(
        {},
        async (_input, { signal }) => ((calls += 1), await clock.sleep(50, signal), 'ok'),
      )
      const first = new AbortController()
      const ends = [first.signal, undefined, undefined].map((signal) =>
        executor.execute(spec({ cache: {} }), memoryCall(signal && { signal }).context),
      )
      await clock.sleep(10)
      first.abort(reason)
      expect((await ends[0])?.status).not.toBe('succeeded')
      const rest = await Promise.all(ends.slice(1))
      expect(rest).toMatchObject([{ output: 'ok' }, { output: 'ok' }])
      expect(rest.filter((end) => 'cached' in end && end.cached)).toHaveLength(1)
      expect(calls).toBe(2)
    }
  })

  it('of several processes are made once; a process that is gone is not waited for', async () => {
    const { store } = cacheOver()
    const cells = createMemoryCells()
    const gone = new Set<Json>()
    let calls = 0
    const process = (name: string) => {
      const flights = { cells: async () => cells, holder: name, isAtWork: (holder: Json) => !gone.has(holder) }
      const { cache, background } = cacheOver(store, { flights })
      const clock = eagerClock()
      const f: AgentFunction = async (_input, { signal }) => {
        calls += 1
        await new Promise((resolve) => setTimeout(resolve, 5))
        await clock.sleep(0, signal)
        return 'ok'
      }
      const { executor } = harness({ f }, { cache })
      const ask = (n: number) => executor.execute(spec({ cache: {}, input: { n } }), memoryCall().context)
      const timer = setInterval(() => void background(), 5)
      onTestFinished(() => clearInterval(timer))
      return { ask, executor }
    }
    const [one, two, three] = [process('one'), process('two'), process('three')]
    const all = await Promise.all([one, two, three, one, two, three].map(({ ask }) => ask(1)))
    expect(calls).toBe(1)
    expect(all.filter((end) => end.status === 'succeeded' && end.cached)).toHaveLength(5)
    for (const { executor } of [one, two, three]) await executor.close()
    expect(cells.list('cache/').size).toBe(0)

    gone.add('dead')
    const hash = (await store.cacheNear('real', 'function', 'f', 1))[0]?.key ?? ''
    await store.cacheClear('real', {}, 1, false)
    await cells.change([`cache/flight/${hash}`], () => ({
      after: [{ holder: 'dead', at: Date.UTC(2026, 0, 1) }],
      result: 0,
    }))
    await cells.change(['cache/flight/left'], () => ({
      after: [{ holder: 'dead', at: Date.UTC(2026, 0, 1) }],
      result: undefined,
    }))
    const four = process('four')
    expect(await four.ask(1)).toMatchObject(made)
    await four.executor.close()
    expect(cells.list('cache/').size).toBe(0)
  })
})

describe('the disk', () => {
  it('is asked again after a second, so that what another process cleared is not given any more', async () => {
    const { ask, store, background, clock } = counting()
    await ask()
    await background()
    await store.cacheClear('real', {}, clock.now(), false)
    expect(await ask()).toMatchObject(hit)
    clock.advance(1_000)
    const { context, facts } = memoryCall()
    expect(await ask({}, { ...memoryCall(), context })).toMatchObject(made)
    expect(facts[0]).toMatchObject({ type: 'cache.missed', reason: 'cleared' })
  })

  it('is left alone by a hit in memory', async () => {
    const { cache, background } = cacheOver()
    let reads = 0
    const disk = { ...cache.disk, get: (key: string) => ((reads += 1), cache.disk.get(key)) }
    const { executor } = harness({ f: () => 1 }, { cache: { ...cache, disk } })
    const ask = () => executor.execute(spec({ cache: {} }), memoryCall().context)
    await ask()
    await background()
    reads = 0
    for (let again = 0; again < 100; again += 1) expect(await ask()).toMatchObject(hit)
    expect(reads).toBe(0)
  })

  it('may be full or damaged: the call succeeds, and what is wrong is told once', async () => {
    const { cache, warnings } = cacheOver()
    const refuse = async () => {
      throw new StoreError('store', 'the disk is full')
    }
    const { executor } = harness(
      { f: () => 1 },
      { cache: { ...cache, disk: { get: refuse, write: refuse, evict: refuse } } },
    )
    for (const n of [1, 2, 3])
      expect(await executor.execute(spec({ cache: {}, input: { n } }), memoryCall().context)).toMatchObject(made)
    await executor.close()
    expect(warnings).toHaveLength(3)
    expect(warnings.join('\n')).toMatch(/could not be read.*full[^]*not kept.*full/)
  })

  it.each(['{', '{}', '{"output":1,"files":[{"sha256":"../x"}],"model":"f"}', 'null', '[]'])(
    'may hold %s for an answer: it is made anew, with a warning',
    async (value) => {
      const { ask, store, executor, calls } = counting()
      await ask()
      await executor.close()
      const [near] = await store.cacheNear('real', 'function', 'f', 1)
      const entry = { ...near, key: near?.key ?? '', value } as NonNullable<typeof near>
      await store.cacheWrite('real', { put: [entry], used: [], dropped: [], counts: [] }, 1)
      const { cache, warnings } = cacheOver(store)
      const { executor: next } = harness({ f: () => 'anew' }, { cache })
      expect(await next.execute(spec({ cache: {} }), memoryCall().context)).toMatchObject({ ...made, output: 'anew' })
      await next.close()
      expect(JSON.stringify(await store.cacheGet('real', entry.key))).toContain('anew')
      expect(warnings).toEqual([expect.stringContaining('damaged')])
      expect(calls()).toBe(1)
    },
  )

  it('is told of hits, misses, money and time in batches', async () => {
    const { executor, store } = counting()
    const chain = [candidate('f', { name: 'writer', price: { usd_per_call: 0.5 } })]
    for (const n of [1, 1, 1, 2]) await executor.execute(spec({ chain, cache: {}, input: { n } }), memoryCall().context)
    await executor.execute(spec({ cache: {}, input: { n: 2 } }), memoryCall().context)
    expect(await store.cacheCounts('real')).toEqual([])
    await executor.close()
    expect(await store.cacheCounts('real')).toMatchObject([
      { agent: 'f', model: 'f', hits: 1, misses: 0, saved_usd: 0.5 },
      { agent: 'writer', model: 'f', hits: 2, misses: 2, saved_usd: 1, unknown_hits: 0 },
    ])
  })
})

interface Kept {
  n: number
  bytes: number
  created: number
  used: number
  uses: number
  expires: number
}

/** Each policy as simply as it can be said: what is the least goes first. */
const worth: Record<CachePolicyName, (kept: Kept) => number[]> = {
  lru: ({ used }) => [used],
  lfu: ({ uses, used }) => [uses, used],
  fifo: ({ created }) => [created],
  ttl: ({ expires, created }) => [expires, created],
}

describe.each(['lru', 'lfu', 'fifo', 'ttl'] as const)('the policy %s', (policy) => {
  it('keeps what a simple model of it keeps', async () => {
    const deed = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ ask: fc.integer({ min: 0, max: 7 }), ttl: fc.constantFrom(50_000, 90_000, 400_000) }),
      },
      { weight: 1, arbitrary: fc.constant('evict' as const) },
      { weight: 1, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 60_000 }) }) },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(deed, { maxLength: 40 }),
        fc.record(
          { max_entries: fc.integer({ min: 1, max: 6 }), max_bytes: fc.integer({ min: 1, max: 40 }) },
          { requiredKeys: [] },
        ),
        async (deeds, limits) => {
          const f: AgentFunction = ({ n }) => 'x'.repeat(Number(n) * 2)
          const { ask, executor, clock, store, background } = counting({}, f)
          const kept = new Map<number, Kept>()
          const sizeOf = (n: number) => JSON.stringify({ output: 'x'.repeat(n * 2), files: [], model: 'f' }).length
          const own = 'max_bytes' in limits ? { ...limits, max_bytes: Number(limits.max_bytes) * 10 } : limits
          // Something was put since.
          let grown = false
          const shorten = () => {
            if (!grown) return
            grown = false
            for (const [n, { expires }] of kept) if (expires <= clock.now()) kept.delete(n)
            const order = [...kept.values()].toSorted((a, b) => {
              const [left, right] = [worth[policy](a), worth[policy](b)]
              const at = left.findIndex((value, place) => value !== right[place])
              return at < 0 ? 0 : (left[at] as number) - (right[at] as number)
            })
            const bytes = () => [...kept.values()].reduce((sum, each) => sum + each.bytes, 0)
            for (const { n } of order) {
              if (kept.size <= (own.max_entries ?? Infinity) && bytes() <= (own.max_bytes ?? Infinity)) break
              kept.delete(n)
            }
          }
          for (const each of deeds) {
            clock.advance(1_001)
            if (each === 'evict') {
              await background()
              shorten()
            } else if ('wait' in each) clock.advance(each.wait)
            else {
              const now = clock.now()
              const { ask: n, ttl } = each
              const known = kept.get(n)
              const fits = known !== undefined && known.expires > now && known.created + ttl > now
              const end = await ask({ cache: { policy, ttl_ms: ttl, ...own }, input: { n } })
              expect(end).toMatchObject({ status: 'succeeded', cached: fits })
              if (fits) Object.assign(known, { used: now, uses: known.uses + 1 })
              else
                grown =
                  kept.set(n, { n, bytes: sizeOf(n), created: now, used: now, uses: 0, expires: now + ttl }).size > 0
            }
          }
          await executor.close()
          shorten()
          const left = await store.cacheNear('real', 'function', 'f', 100)
          expect(left.map(({ bytes, created_at }) => [created_at, bytes]).toSorted(byMoment)).toEqual(
            [...kept.values()].map(({ created, bytes }) => [created, bytes]).toSorted(byMoment),
          )
        },
      ),
      { numRuns: 50 },
    )
  })
})

function byMoment([a = 0]: number[], [b = 0]: number[]): number {
  return a - b
}
