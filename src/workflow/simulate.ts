/** How long a graph of tasks would take: the runner's own scheduler on a virtual clock, with measured times as its priorities. */
import { NonRetryableError } from '../domain/errors.ts'
import { groupGraph } from './plan.ts'
import { cyclesOf, layersOf, ranksOf } from './planning/graph.ts'
import { createSchedule, peekReady, type Schedule, settleStep, takeReady } from './scheduler.ts'

export interface SimulatedTask {
  id: string
  /** Ids of other tasks. */
  needs: readonly string[]
  /** A task that takes no time takes no slot either, as steps of pure data. */
  seconds: number
}

export interface Simulation {
  tasks: number
  /** Needs, over all tasks. */
  edges: number
  makespan_s: number
  /** The longest chain of needs. */
  critical_path_s: number
  total_work_s: number
  /** No schedule can be shorter: the critical path, or the work shared out evenly over all slots. */
  lower_bound_s: number
  /** Of the slots over the makespan, from 0 to 1. */
  utilisation: number
  /** What it took to check and order the tasks, by `now`. */
  plan_ms: number
}

/**
 * Runs `tasks` on `slots` slots. Among ready tasks the one with the longest path of seconds behind it goes first.
 * `now` gives milliseconds of a real clock. Throws `invalid_input` for unknown needs and for cycles.
 */
export function simulate(tasks: readonly SimulatedTask[], slots: number, now: () => number): Simulation {
  const began = now()
  const { schedule, critical } = scheduleOf(tasks)
  const plan_ms = now() - began
  const work = tasks.reduce((sum, task) => sum + task.seconds, 0)
  const makespan = makespanOf(tasks, schedule, slots)
  return {
    tasks: tasks.length,
    edges: tasks.reduce((sum, task) => sum + task.needs.length, 0),
    makespan_s: makespan,
    critical_path_s: critical,
    total_work_s: work,
    lower_bound_s: Math.max(critical, work / slots),
    utilisation: makespan === 0 ? 1 : work / (makespan * slots),
    plan_ms,
  }
}

function scheduleOf(tasks: readonly SimulatedTask[]): { schedule: Schedule; critical: number } {
  const number = new Map(tasks.map((task, at) => [task.id, at]))
  for (const task of tasks) {
    const unknown = task.needs.find((need) => !number.has(need))
    if (unknown !== undefined)
      throw new NonRetryableError('invalid_input', `"${task.id}" needs "${unknown}", which is not there`)
  }
  const graph = groupGraph([...number.keys()], (id) =>
    (tasks[number.get(id) as number] as SimulatedTask).needs.map((need) => ({ id: need })),
  )
  const { order } = layersOf(graph)
  if (order.length < tasks.length) {
    const names = (cyclesOf(graph)[0] ?? []).map((at) => `"${tasks[at]?.id}"`)
    throw new NonRetryableError('invalid_input', `the needs go round in a cycle: ${names.join(' needs ')}`)
  }
  const ranks = ranksOf(graph, order, (at) => (tasks[at] as SimulatedTask).seconds)
  const none = new Set<string>()
  const schedule = createSchedule(tasks, none, none, (id) => ranks[number.get(id) as number] as number)
  return { schedule, critical: ranks.reduce((most, rank) => Math.max(most, rank), 0) }
}

function makespanOf(tasks: readonly SimulatedTask[], schedule: Schedule, slots: number): number {
  const seconds = new Map(tasks.map((task) => [task.id, task.seconds]))
  /** What runs, the first to end last. */
  const running: { id: string; until: number }[] = []
  for (let at = 0; ;) {
    for (let next = peekReady(schedule); next !== undefined; next = peekReady(schedule)) {
      const takes = seconds.get(next) as number
      if (takes > 0 && running.length >= slots) break
      takeReady(schedule)
      if (takes > 0) insert(running, { id: next, until: at + takes })
      else settleStep(schedule, next)
    }
    const first = running.pop()
    if (!first) return at
    at = first.until
    settleStep(schedule, first.id)
    while (running.at(-1)?.until === at) settleStep(schedule, (running.pop() as { id: string }).id)
  }
}

function insert(running: { id: string; until: number }[], work: { id: string; until: number }): void {
  let low = 0
  for (let high = running.length; low < high;) {
    const middle = (low + high) >> 1
    if ((running[middle] as { until: number }).until > work.until) low = middle + 1
    else high = middle
  }
  running.splice(low, 0, work)
}
