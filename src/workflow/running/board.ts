/** What a driven run has before it: the schedule, open fan-outs, work in flight; and how work is settled on it. */
import { CancelledError } from '../../domain/errors.ts'
import type { EventOf } from '../../domain/events.ts'
import type { Clock } from '../../std/clock.ts'
import { openApprovals } from './approval.ts'
import { cancelledWork } from './endings.ts'
import { failsFast, type FanOut, FanOuts, fanResult, isDone } from './fan-out.ts'
import type { Journal } from '../journal.ts'
import type { Plan } from '../plan.ts'
import { createSchedule, type Schedule, settleStep } from '../scheduler.ts'
import { isSettled, type RunState, type StepState } from '../state.ts'
import { Units } from './units.ts'

export interface BoardParts {
  plan: Plan
  state: RunState
  journal: Journal
  clock: Clock
}

export class Board {
  readonly #parts: BoardParts
  /** What is in flight, and what was decided in this turn. */
  readonly units = new Units()
  readonly fans = new FanOuts()
  #schedule: Schedule

  constructor(parts: BoardParts) {
    this.#parts = parts
    this.#schedule = scheduleOf(parts.plan, parts.state, this.phase)
  }

  get phase(): 'steps' | 'finally' {
    return this.#parts.state.finalising ? 'finally' : 'steps'
  }

  get schedule(): Schedule {
    return this.#schedule
  }

  /** Goes over from the steps to `finally`. */
  finalise(status: 'succeeded' | 'failed' | 'cancelled'): void {
    this.#parts.journal.add({ type: 'run.finalising', status })
    this.#schedule = scheduleOf(this.#parts.plan, this.#parts.state, 'finally')
  }

  /** Journals how a piece of work ended; what waited for it becomes ready. */
  settle(event: EventOf<'step.settled'>): void {
    const { journal, state } = this.#parts
    journal.add(event)
    // Lists of runs show what a run cost, also when nobody came to settle it.
    if (event.cost_usd !== 0) journal.patch({ cost_usd: state.cost_usd })
    const fan = this.fans.of(event)
    if (!fan) {
      settleStep(this.#schedule, event.step)
      return
    }
    fan.settled += 1
    if (event.status === 'failed' && failsFast(fan.step) && !fan.closed) {
      fan.closed = true
      this.units.abort(new CancelledError(`item ${event.index} failed`), event.step)
    }
    this.settleFan(fan)
  }

  /** Settles the step of a fan-out once all its items are. */
  settleFan(fan: FanOut): void {
    const step = this.#parts.state.steps.get(fan.step.id) as StepState
    if (!isDone(fan, step) || !this.fans.delete(fan)) return
    this.#parts.journal.add(fanResult(fan, step, this.#parts.clock.now()))
    settleStep(this.#schedule, fan.step.id)
  }

  /** Nothing more will begin: approvals and fan-outs that still wait are settled as cancelled. */
  endWaiting(): void {
    const { state } = this.#parts
    for (const fan of this.fans.all()) fan.closed = true
    for (const ref of openApprovals(state)) this.settle(cancelledWork(state, ref))
    for (const fan of this.fans.all()) this.settleFan(fan)
  }
}

/** What is left to do of a phase: settled steps count as done, begun ones are not started again (invariant 3). */
function scheduleOf(plan: Plan, state: RunState, phase: 'steps' | 'finally'): Schedule {
  const steps = [...plan.steps.values()].filter((step) => step.group === phase)
  const settled = new Set<string>()
  const begun = new Set<string>()
  for (const [id, step] of state.steps) (isSettled(step) ? settled : begun).add(id)
  const needs = steps.map((step) => ({ id: step.id, needs: step.needs.map((need) => need.id) }))
  return createSchedule(needs, settled, begun, (id) => plan.steps.get(id)?.rank ?? 0)
}
