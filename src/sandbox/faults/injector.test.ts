import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../std/random.ts'
import { createTestClock } from '../test-clock.ts'
import type { Fault, Occasion } from './fault.ts'
import { createInjector, type Injector } from './injector.ts'
import type { FaultInput } from './rules.ts'
import { faultRules } from './scenario.ts'

const models = ['meta/llama', 'meta/guard', 'google/nano'] as const

const rule = fc
  .record(
    {
      model: fc.constantFrom('*', 'meta/*', ...models),
      fault: fc.constantFrom('failed', 'drop', 'lost', 'stall', 'rate_limited', 'early', 'dead'),
      rate: fc.double({ min: 0, max: 1, noNaN: true }),
      times: fc.integer({ min: 0, max: 3 }),
    },
    { requiredKeys: ['fault'] },
  )
  .map((fields): FaultInput => fields)
const ofPolls = fc
  .record({
    fault: fc.constantFrom('drop', 'garbled', 'unavailable'),
    rate: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .map((fields): FaultInput => ({ ...fields, on: 'get' }))
const rules = fc.array(fc.oneof(rule, ofPolls), { minLength: 1, maxLength: 5 })

interface Request {
  on: Occasion
  model: string
  key: string
}
const request = fc.record<Request>({
  on: fc.constantFrom('create', 'get'),
  model: fc.constantFrom(...models),
  key: fc.constantFrom('a', 'b', 'c'),
})

function injectorOf(written: readonly FaultInput[], seed: number): Injector {
  return createInjector(faultRules(written), { seed, clock: createTestClock() })
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seededRandom(seed)
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/** What each kind of request met, in the order in which it was asked. */
function metBy(injector: Injector, requests: readonly Request[]): Record<string, (Fault | null)[]> {
  const met: Record<string, (Fault | null)[]> = {}
  for (const { on, model, key } of requests) {
    const name = `${on} ${model} ${key}`
    const fault = injector.strike(on, model, key, on === 'get' ? `id of ${model} ${key}` : undefined)
    met[name] = [...(met[name] ?? []), fault ?? null]
  }
  return met
}

describe('the draw of faults', () => {
  it('is the same for the same seed and requests, in whatever order they arrive', () => {
    fc.assert(
      fc.property(rules, fc.array(request, { maxLength: 40 }), fc.nat(), fc.nat(), (written, requests, seed, order) => {
        const first = metBy(injectorOf(written, seed), requests)
        expect(metBy(injectorOf(written, seed), shuffled(requests, order))).toEqual(first)
      }),
      { numRuns: 200 },
    )
  })

  it('does not depend on the random names of predictions', () => {
    const polls = (prefix: string) => {
      const injector = injectorOf(['*:drop:0.5:on=get'], 3)
      const one = (id: string) =>
        Array.from({ length: 30 }, () => injector.strike('get', 'a/b', 'same', id) !== undefined)
      return [one(`${prefix}1`), one(`${prefix}2`)]
    }
    const [first, second] = polls('x')
    expect(polls('y')).toEqual([first, second])
    expect(first).not.toEqual(second)
  })

  it('is another one for another seed, and for another rule that says the same', () => {
    const draws = (seed: number, written: FaultInput[]) => {
      const injector = injectorOf(written, seed)
      return Array.from({ length: 64 }, (_, n) => injector.strike('create', 'a/b', String(n)) !== undefined)
    }
    expect(draws(1, ['*:0.5'])).toEqual(draws(1, [{ fault: 'failed', rate: 0.5, model: '*' }]))
    expect(draws(1, ['*:0.5'])).not.toEqual(draws(2, ['*:0.5']))
    const once = draws(1, ['*:0.5']).filter(Boolean).length
    expect(draws(1, ['*:0.5', '*:0.5']).filter(Boolean).length).toBeGreaterThan(once)
  })

  it('keeps to the window of a rule, counted from the start, whatever the wall clock does', () => {
    const clock = createTestClock()
    clock.advance(90_000)
    const injector = createInjector(faultRules(['*:429:from=10s:until=20s']), { seed: 1, clock })
    const strikes = () => injector.strike('create', 'a/b', 'x') !== undefined
    const seen: boolean[] = []
    for (let second = 0; second < 25; second += 5) {
      seen.push(strikes())
      clock.advance(5_000)
    }
    expect(seen).toEqual([false, false, true, true, false])
  })

  it('counts two equal rules each for itself', () => {
    const injector = injectorOf(['*:drop:times=1', '*:drop:times=1'], 1)
    const strikes = Array.from({ length: 3 }, () => injector.strike('create', 'a/b', 'x')?.kind)
    expect(strikes).toEqual(['drop', 'drop', undefined])
  })
})
