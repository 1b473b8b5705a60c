import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  comesBefore,
  createSchedule,
  isExhausted,
  peekReady,
  type ScheduleStep,
  settleStep,
  takeReady,
} from './scheduler.ts'

const none = new Set<string>()

/** A random DAG: each step needs some of those defined before it (by number), listed in a random order. */
const graphs = fc
  .array(
    fc.record({
      needs: fc.array(fc.nat(), { maxLength: 4 }),
      priority: fc.nat({ max: 5 }),
      seconds: fc.integer({ min: 1, max: 9 }),
    }),
    {
      minLength: 1,
      maxLength: 25,
    },
  )
  .map((drawn) =>
    drawn.map((step, at) => ({
      id: `s${at}`,
      needs: at === 0 ? [] : [...new Set(step.needs.map((need) => `s${need % at}`))],
      priority: step.priority,
      seconds: step.seconds,
    })),
  )

type Drawn = { id: string; needs: string[]; priority: number; seconds: number }

/** Runs a schedule on a virtual clock with `slots` workers; gives the order of starts with their times. */
function simulate(steps: readonly Drawn[], slots: number): { id: string; at: number }[] {
  const byId = new Map(steps.map((step) => [step.id, step]))
  const schedule = createSchedule(steps, none, none, (id) => byId.get(id)?.priority ?? 0)
  const started: { id: string; at: number }[] = []
  let running: { id: string; until: number }[] = []
  for (let now = 0; ;) {
    while (running.length < slots) {
      const id = takeReady(schedule)
      if (id === undefined) break
      started.push({ id, at: now })
      running.push({ id, until: now + (byId.get(id)?.seconds ?? 0) })
    }
    if (running.length === 0) return started
    now = Math.min(...running.map((work) => work.until))
    for (const work of running.filter((one) => one.until === now)) settleStep(schedule, work.id)
    running = running.filter((one) => one.until !== now)
  }
}

/** The same, by the words of the rule: look at every step, every time. */
function naive(steps: readonly Drawn[], slots: number): { id: string; at: number }[] {
  const started: { id: string; at: number }[] = []
  const done = new Set<string>()
  let running: { id: string; until: number }[] = []
  for (let now = 0; ;) {
    for (;;) {
      if (running.length >= slots) break
      const ready = steps
        .filter((step) => !started.some((one) => one.id === step.id) && step.needs.every((need) => done.has(need)))
        .sort((a, b) => b.priority - a.priority || steps.indexOf(a) - steps.indexOf(b))
      const [first] = ready
      if (!first) break
      started.push({ id: first.id, at: now })
      running.push({ id: first.id, until: now + first.seconds })
    }
    if (running.length === 0) return started
    now = Math.min(...running.map((work) => work.until))
    for (const work of running.filter((one) => one.until === now)) done.add(work.id)
    running = running.filter((one) => one.until !== now)
  }
}

describe('the scheduler', () => {
  it('starts the same steps at the same times as a naive reference does, for any DAG and any number of slots', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 6 }), (steps, slots) => {
        expect(simulate(steps, slots)).toEqual(naive(steps, slots))
      }),
      { numRuns: 300 },
    )
  })

  it('starts every step exactly once, never before its needs are settled', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 6 }), (steps, slots) => {
        const started = simulate(steps, slots)
        expect(started.map((one) => one.id).sort()).toEqual(steps.map((step) => step.id).sort())
        const end = new Map(
          started.map((one) => [one.id, one.at + (steps.find((step) => step.id === one.id)?.seconds ?? 0)]),
        )
        for (const one of started) {
          for (const need of steps.find((step) => step.id === one.id)?.needs ?? [])
            expect(one.at).toBeGreaterThanOrEqual(end.get(need) as number)
        }
      }),
    )
  })

  it('does not let a slow sibling hold up an unrelated branch (invariant 2)', () => {
    const steps: Drawn[] = [
      { id: 'slow', needs: [], priority: 1, seconds: 100 },
      { id: 'quick', needs: [], priority: 1, seconds: 1 },
      { id: 'after_quick', needs: ['quick'], priority: 0, seconds: 1 },
    ]
    expect(simulate(steps, 4)).toEqual([
      { id: 'slow', at: 0 },
      { id: 'quick', at: 0 },
      { id: 'after_quick', at: 1 },
    ])
  })

  it('takes up a half-done schedule: settled steps count as done and begun ones are never ready again', () => {
    const steps: ScheduleStep[] = [
      { id: 'a', needs: [] },
      { id: 'b', needs: ['a'] },
      { id: 'c', needs: ['b'] },
    ]
    const schedule = createSchedule(steps, new Set(['a']), new Set(['b']), () => 0)
    expect(peekReady(schedule)).toBeUndefined()
    settleStep(schedule, 'b')
    expect(takeReady(schedule)).toBe('c')
    expect(isExhausted(schedule)).toBe(true)
  })

  it('ignores needs that are not in its group and settles of steps that nothing waits for', () => {
    const schedule = createSchedule([{ id: 'cleanup', needs: ['elsewhere'] }], none, none, () => 0)
    settleStep(schedule, 'elsewhere')
    expect(takeReady(schedule)).toBe('cleanup')
    expect(takeReady(schedule)).toBeUndefined()
  })

  it('orders by priority, then by place in the definition', () => {
    const schedule = createSchedule(
      ['a', 'b', 'c'].map((id) => ({ id, needs: [] })),
      none,
      none,
      (id) => (id === 'c' ? 2 : 1),
    )
    expect([takeReady(schedule), takeReady(schedule), takeReady(schedule)]).toEqual(['c', 'a', 'b'])
    expect(comesBefore(schedule, 'a', 'b')).toBe(true)
  })
})
