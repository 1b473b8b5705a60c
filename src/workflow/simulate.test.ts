import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type SimulatedTask, simulate } from './simulate.ts'

const still = () => 0
const task = (id: string, seconds: number, ...needs: string[]): SimulatedTask => ({ id, seconds, needs })

const graphs = fc
  .array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), seconds: fc.integer({ min: 0, max: 20 }) }), {
    minLength: 1,
    maxLength: 40,
  })
  .map((drawn) =>
    drawn.map(({ needs, seconds }, at) =>
      task(`t${at}`, seconds, ...new Set(at === 0 ? [] : needs.map((need) => `t${need % at}`))),
    ),
  )

describe('simulate', () => {
  it('lets a ready task begin at once, whatever the level of others', () => {
    // Level by level, `late` would wait for `slow`: 10 + 5 seconds.
    const tasks = [task('slow', 10), task('quick', 1), task('late', 5, 'quick')]
    expect(simulate(tasks, 2, still)).toEqual({
      tasks: 3,
      edges: 1,
      makespan_s: 10,
      critical_path_s: 10,
      total_work_s: 16,
      lower_bound_s: 10,
      utilisation: 0.8,
      plan_ms: 0,
    })
  })

  it('begins with what has the longest path of seconds behind it, not the most hops', () => {
    const tasks = [task('a', 1), task('b', 1, 'a'), task('c', 1, 'b'), task('long', 9)]
    expect(simulate(tasks, 1, still).makespan_s).toBe(12)
    expect(simulate([...tasks, task('other', 3)], 2, still).makespan_s).toBe(9)
  })

  it('gives tasks that take no time no slot', () => {
    expect(simulate([task('busy', 5), task('data', 0), task('next', 2, 'data')], 2, still).makespan_s).toBe(5)
    expect(simulate([task('nothing', 0)], 1, still)).toMatchObject({ makespan_s: 0, utilisation: 1 })
  })

  it('measures what planning took by the clock it is given', () => {
    let now = 0
    expect(simulate([task('a', 1)], 1, () => (now += 7)).plan_ms).toBe(7)
  })

  it('refuses needs that are not there, and cycles', () => {
    expect(() => simulate([task('a', 1, 'b')], 1, still)).toThrow('"a" needs "b", which is not there')
    expect(() => simulate([task('a', 1, 'b'), task('b', 1, 'a')], 1, still)).toThrow('go round in a cycle')
    expect(() => simulate([task('a', 1, 'a')], 1, still)).toThrow('go round in a cycle')
  })

  it('is never shorter than the lower bound, and never longer than Graham’s bound for list schedules', () => {
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 6 }), (tasks, slots) => {
        const { makespan_s, lower_bound_s, critical_path_s, total_work_s } = simulate(tasks, slots, still)
        expect(makespan_s).toBeGreaterThanOrEqual(lower_bound_s)
        expect(makespan_s).toBeLessThanOrEqual(total_work_s / slots + critical_path_s * (1 - 1 / slots) + 1e-9)
      }),
    )
  })

  it('takes the critical path with slots for all, and all the work with one', () => {
    fc.assert(
      fc.property(graphs, (tasks) => {
        const wide = simulate(tasks, tasks.length, still)
        expect(wide.makespan_s).toBe(wide.critical_path_s)
        const narrow = simulate(tasks, 1, still)
        expect(narrow.makespan_s).toBe(narrow.total_work_s)
      }),
    )
  })
})
