/** The breaker of several processes against a model of it that is as simple as can be. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type BreakerPolicy, defaultBreaker } from '../../../domain/breaker.ts'
import { createMemoryCells } from '../../../std/cells.ts'
import type { Json } from '../../../std/json.ts'
import { virtualClock } from '../../../testing/virtual-clock.ts'
import { readBreaker } from './cell.ts'
import { type CallEnd, createBreaker, type Permit } from './breaker.ts'

type Verdict = CallEnd['verdict']
interface ModelPermit {
  episode: number
  probe?: number
}

const leaseMs = 60_000

/** One state, changed at once by whoever calls. */
class Model {
  readonly #policy: BreakerPolicy
  episode = 0
  open: { until: number; probes: Map<number, number>; succeeded: number; made: number } | undefined
  calls: { time: number; failed: boolean }[] = []

  constructor(policy: BreakerPolicy) {
    this.#policy = policy
  }

  refuses(now: number): boolean {
    if (!this.open) return false
    if (now < this.open.until) return true
    return [...this.open.probes.values()].filter((end) => now < end).length >= this.#policy.half_open_probes
  }

  enter(now: number): ModelPermit | undefined {
    if (this.refuses(now)) return undefined
    if (!this.open) return { episode: this.episode }
    const probe = ++this.open.made
    this.open.probes.set(probe, now + leaseMs)
    return { episode: this.episode, probe }
  }

  ended({ episode, probe }: ModelPermit, verdict: Verdict, now: number): void {
    if (episode !== this.episode) return
    if (probe === undefined) return this.#counted(verdict, now)
    const open = this.open as NonNullable<Model['open']>
    open.probes.delete(probe)
    if (verdict === 'failed') this.#open(now)
    if (verdict === 'succeeded' && ++open.succeeded >= this.#policy.success_threshold) this.#close()
  }

  #counted(verdict: Verdict, now: number): void {
    if (verdict === 'dropped') return
    this.calls.push({ time: now, failed: verdict === 'failed' })
    if (verdict === 'failed' && this.#isTooMuch(now)) this.#open(now)
  }

  #isTooMuch(now: number): boolean {
    const { criterion, failure_threshold, window_ms, window_calls, minimum_calls, failure_rate } = this.#policy
    const failures = (calls: Model['calls']) => calls.filter(({ failed }) => failed).length
    const inWindow = this.calls.filter(({ time }) => now - time < window_ms)
    const last = this.calls.slice(-window_calls)
    switch (criterion) {
      case 'failures':
        return failures(inWindow) >= failure_threshold
      case 'consecutive':
        return this.calls.length - 1 - this.calls.findLastIndex(({ failed }) => !failed) >= failure_threshold
      case 'count':
        return last.length >= Math.min(minimum_calls, window_calls) && failures(last) / last.length >= failure_rate
      case 'sampling':
        throw new Error('its window is only kept to a tenth')
    }
  }

  /** How many calls it would look at, were its window endless. */
  kept(): number {
    const failed = this.calls.filter((call) => call.failed)
    switch (this.#policy.criterion) {
      case 'failures':
        return failed.length
      case 'consecutive':
        return this.calls.length - 1 - this.calls.findLastIndex((call) => !call.failed)
      default:
        return this.calls.length
    }
  }

  #open(now: number): void {
    this.open = { until: now + this.#policy.cooldown_ms, probes: new Map(), succeeded: 0, made: 0 }
    this.#change()
  }

  #close(): void {
    this.open = undefined
    this.#change()
  }

  #change(): void {
    this.episode += 1
    this.calls = []
  }
}

function kept(value: Json | undefined, { criterion }: BreakerPolicy): number {
  const { times, row, recent } = readBreaker(value).tally
  return criterion === 'failures' ? times.length : criterion === 'consecutive' ? row : recent.length
}

const policies = fc.record({
  criterion: fc.constantFrom('failures' as const, 'consecutive' as const, 'count' as const),
  failure_threshold: fc.integer({ min: 1, max: 3 }),
  window_ms: fc.constantFrom(1_000, 10_000),
  minimum_calls: fc.integer({ min: 1, max: 5 }),
  window_calls: fc.integer({ min: 1, max: 5 }),
  failure_rate: fc.constantFrom(0.2, 0.5, 1),
  half_open_probes: fc.integer({ min: 1, max: 3 }),
  success_threshold: fc.integer({ min: 1, max: 3 }),
})

const moves = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ enter: fc.nat(1) }) },
    {
      weight: 5,
      arbitrary: fc.record({
        end: fc.nat(2),
        verdict: fc.constantFrom<Verdict>('succeeded', 'failed', 'failed', 'succeeded', 'dropped'),
      }),
    },
    { weight: 2, arbitrary: fc.record({ pass: fc.constantFrom(1, 400, 3_000, 5_000, 5_000, 60_000) }) },
    { weight: 1, arbitrary: fc.record({ dies: fc.nat(1) }) },
  ),
  { minLength: 30, maxLength: 90 },
)

test('Whatever is called, ends and passes, in two processes, the breaker does what the model does', async () => {
  await fc.assert(
    fc.asyncProperty(policies, moves, async (some, steps) => {
      const policy: BreakerPolicy = { ...defaultBreaker, ...some, cooldown_ms: 5_000 }
      const model = new Model(policy)
      const clock = virtualClock()
      const cells = createMemoryCells()
      const processes = [0, 1].map(() => createBreaker('model:a', cells, clock))
      const underWay: { permit: Permit; twin: ModelPermit }[] = []
      for (const step of steps) {
        if ('pass' in step) await clock.advance(step.pass)
        else if ('enter' in step) {
          const permit = await processes[step.enter]?.enter(policy)
          const twin = model.enter(clock.now())
          expect(permit === undefined).toBe(twin === undefined)
          if (permit && twin) underWay.push({ permit, twin })
        } else if ('dies' in step) underWay.splice(step.dies, 1)
        else {
          const [one] = underWay.splice(step.end, 1)
          const before = model.episode
          const change = await one?.permit.ended({ verdict: step.verdict })
          if (one) model.ended(one.twin, step.verdict, clock.now())
          expect(change !== undefined).toBe(model.episode !== before)
          // What a process keeps back for a moment is not seen by the other until then.
          for (const process of processes) await process.flush()
        }
        const text = JSON.stringify(cells.get('breaker/model:a'))
        for (const process of processes) {
          expect(process.isOpen(policy)).toBe(model.refuses(clock.now()))
          expect(process.opensIn()).toBe(Math.max(0, (model.open?.until ?? 0) - clock.now()))
        }
        expect(JSON.stringify(cells.get('breaker/model:a'))).toBe(text)
        expect(kept(cells.get('breaker/model:a'), policy)).toBe(model.kept())
      }
    }),
    { numRuns: 400 },
  )
})
