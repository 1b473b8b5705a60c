/**
 * Which step comes next: a ready queue, not levels. Pure data and functions: no clock, no I/O.
 *
 * A step is ready as soon as every need of its group is settled. Among ready steps the one with the highest
 * priority goes first (longest path to the end, in hops or in learned durations), then the one defined first.
 */

/** What the scheduler needs to know of a step. */
export interface ScheduleStep {
  id: string
  needs: readonly string[]
}

export interface Schedule {
  /** Needs not yet settled, per step that is not ready. */
  readonly pending: Map<string, number>
  readonly dependents: ReadonlyMap<string, readonly string[]>
  readonly order: ReadonlyMap<string, { priority: number; position: number }>
  /** A binary heap by `order`. */
  readonly ready: string[]
}

/** A schedule of `steps`; those in `settled` count as done, needs outside of `steps` too; those in `begun` never become ready. */
export function createSchedule(
  steps: readonly ScheduleStep[],
  settled: ReadonlySet<string>,
  begun: ReadonlySet<string>,
  priority: (id: string) => number,
): Schedule {
  const dependents = new Map<string, string[]>(steps.map((step) => [step.id, []]))
  const order = new Map(steps.map((step, position) => [step.id, { priority: priority(step.id), position }]))
  const schedule: Schedule = { pending: new Map(), dependents, order, ready: [] }
  for (const step of steps) {
    const needs = new Set(step.needs)
    let open = 0
    for (const need of needs) {
      dependents.get(need)?.push(step.id)
      if (order.has(need) && !settled.has(need)) open += 1
    }
    if (settled.has(step.id) || begun.has(step.id)) continue
    if (open === 0) push(schedule, step.id)
    else schedule.pending.set(step.id, open)
  }
  return schedule
}

/** Says that a step is settled; steps that waited for nothing else become ready. */
export function settleStep(schedule: Schedule, id: string): void {
  for (const dependent of schedule.dependents.get(id) ?? []) {
    const open = schedule.pending.get(dependent)
    if (open === undefined) continue
    if (open > 1) schedule.pending.set(dependent, open - 1)
    else {
      schedule.pending.delete(dependent)
      push(schedule, dependent)
    }
  }
}

export function peekReady(schedule: Schedule): string | undefined {
  return schedule.ready[0]
}

/** Takes the ready step that should start next. */
export function takeReady(schedule: Schedule): string | undefined {
  const { ready } = schedule
  const first = ready[0]
  const last = ready.pop()
  if (first === undefined || last === undefined || ready.length === 0) return first
  ready[0] = last
  sink(schedule)
  return first
}

/** Nothing is ready and nothing waits for needs. */
export function isExhausted(schedule: Schedule): boolean {
  return schedule.ready.length === 0 && schedule.pending.size === 0
}

/** Whether `a` starts before `b`. */
export function comesBefore(schedule: Schedule, a: string, b: string): boolean {
  const one = schedule.order.get(a)
  const other = schedule.order.get(b)
  if (!one || !other) return one !== undefined
  return one.priority > other.priority || (one.priority === other.priority && one.position < other.position)
}

function push(schedule: Schedule, id: string): void {
  const { ready } = schedule
  ready.push(id)
  for (let at = ready.length - 1; at > 0;) {
    const parent = (at - 1) >> 1
    if (!comesBefore(schedule, id, ready[parent] as string)) break
    ready[at] = ready[parent] as string
    ready[parent] = id
    at = parent
  }
}

function sink(schedule: Schedule): void {
  const { ready } = schedule
  for (let at = 0; ;) {
    let first = at
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < ready.length && comesBefore(schedule, ready[child] as string, ready[first] as string)) first = child
    }
    if (first === at) return
    const moved = ready[at] as string
    ready[at] = ready[first] as string
    ready[first] = moved
    at = first
  }
}
