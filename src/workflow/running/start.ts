/** Decides what begins next, and puts it on the board: steps whose needs are settled, items of fan-outs, work to take up again. */
import { CancelledError } from '../../domain/errors.ts'
import type { EventOf, WorkRef } from '../../domain/events.ts'
import type { StepHooks } from '../../domain/step-hooks.ts'
import type { Json } from '../../std/json.ts'
import { approvalOf } from './approval.ts'
import type { Board, BoardParts } from './board.ts'
import { failedWork, notBegun } from './endings.ts'
import { createFanOut, type FanOut, listOf, peekItem, scopeOfItem, takeItem } from './fan-out.ts'
import { evaluation, judgeCondition, judgeStep } from './gate.ts'
import type { PlanStep } from '../plan.ts'
import { comesBefore, peekReady, takeReady } from '../scheduler.ts'
import { type Scope, type ScopeParts, scopeOfStep } from './scope.ts'
import { isSettled, type RunState, type StepState, waitsForAnswer, workOf } from '../state.ts'
import { isInstant } from './work.ts'

/** Instant pieces of work begun in one turn, so that a turn stays short. */
const instantPerTurn = 1_000

export interface StarterParts extends BoardParts {
  board: Board
  scope: ScopeParts
  max_concurrency: number
  hooks?: StepHooks | undefined
  /** Journals a question, and lets it expire. */
  asked(event: EventOf<'approval.requested'>): void
}

export class Starter {
  readonly #parts: StarterParts

  constructor(parts: StarterParts) {
    this.#parts = parts
  }

  get #state(): RunState {
    return this.#parts.state
  }

  /** Fills free slots with what comes first, ready steps or items of fan-outs, until nothing may start (invariant 2). True: there is more. */
  startWork(): boolean {
    const { board } = this.#parts
    for (let begun = 0; begun < instantPerTurn; begun += 1) {
      const free = board.units.slots < this.#parts.max_concurrency
      const fan = this.#nextFan(free)
      const ready = peekReady(board.schedule)
      if (fan && (ready === undefined || !comesBefore(board.schedule, ready, fan.step.id))) this.#startItem(fan)
      else if (ready !== undefined && (free || !takesSlot(this.#step(ready)))) {
        takeReady(board.schedule)
        this.#startStep(this.#step(ready))
      } else if (fan) this.#startItem(fan)
      else return false
    }
    return true
  }

  #nextFan(free: boolean): FanOut | undefined {
    const { board } = this.#parts
    const { steps } = this.#state
    return board.fans.next(
      (fan) => (free || isInstant(fan.step)) && peekItem(fan, steps.get(fan.step.id) as StepState) !== undefined,
      (a, b) => comesBefore(board.schedule, a.step.id, b.step.id),
    )
  }

  #startStep(step: PlanStep): void {
    const { plan, clock, journal } = this.#parts
    let scope: Scope | undefined
    const scopeOnce = () => (scope ??= scopeOfStep(this.#parts.scope, step))
    const gate = judgeStep(plan, this.#state, step, scopeOnce, clock.now())
    if (!gate.open) return this.#parts.board.settle(notBegun(this.#state, { step: step.id }, gate))
    journal.add({ type: 'step.started', step: step.id })
    if (step.definition.foreach) this.#expand(step, scopeOnce())
    else this.#decide(step, { step: step.id }, scopeOnce())
  }

  /** Lists the items of a foreach; at a resume the same values give the same list. */
  #expand(step: PlanStep, scope: Scope): void {
    const state = this.#state.steps.get(step.id) as StepState
    let list: Json[]
    try {
      list = listOf(step, scope, evaluation(this.#state, state.started_at))
    } catch (error) {
      return this.#parts.board.settle(failedWork(this.#state, { step: step.id }, error))
    }
    if (state.count === undefined)
      this.#parts.journal.add({ type: 'foreach.expanded', step: step.id, count: list.length })
    const fan = createFanOut(step, list, scope, state)
    this.#parts.board.fans.add(fan)
    if (fan.closed) this.#callOffItems(fan)
    this.#parts.board.settleFan(fan)
  }

  /** Items that were in flight when another one failed are cancelled where they run. */
  #callOffItems(fan: FanOut): void {
    for (const index of fan.again.splice(0)) this.decideAgain({ step: fan.step.id, index })
    this.#parts.board.units.abort(new CancelledError('another item failed'), fan.step.id)
  }

  #startItem(fan: FanOut): void {
    const { index, begun } = takeItem(fan)
    const ref = { step: fan.step.id, index }
    const scope = scopeOfItem(fan, index)
    if (!begun) {
      if (fan.step.condition?.perItem) {
        const gate = judgeCondition(fan.step, this.#state, scope, this.#parts.clock.now())
        if (!gate.open) return this.#parts.board.settle(notBegun(this.#state, ref, gate))
      }
      this.#parts.journal.add({ type: 'step.started', ...ref })
    }
    this.#decide(fan.step, ref, scope)
  }

  /** What is hooked into steps, or sees the answer to one, takes its time. */
  #isAskedAtOnce(step: PlanStep, ref: WorkRef): boolean {
    if (step.definition.action.kind !== 'approval' || this.#parts.hooks) return false
    return workOf(this.#state, ref)?.approval?.answer === undefined
  }

  /** Lets a piece of work begin at the end of this turn; an approval is asked for instead. */
  #decide(step: PlanStep, ref: WorkRef, scope: Scope): void {
    if (this.#isAskedAtOnce(step, ref)) return this.#ask(step, ref, scope)
    this.#parts.board.units.add(step, ref, scope)
    const fan = this.#parts.board.fans.of(ref)
    if (fan) fan.inFlight += 1
  }

  /** Goes on with work that had begun, or whose nested run waits. */
  decideAgain(ref: WorkRef): void {
    const fan = this.#parts.board.fans.of(ref)
    const step = this.#step(ref.step)
    this.#decide(
      step,
      ref,
      fan && ref.index !== undefined ? scopeOfItem(fan, ref.index) : scopeOfStep(this.#parts.scope, step),
    )
  }

  #ask(step: PlanStep, ref: WorkRef, scope: Scope): void {
    try {
      const event = approvalOf(step, ref, scope, this.#state, this.#parts.clock.now())
      this.#parts.asked(event)
    } catch (error) {
      this.#parts.board.settle(failedWork(this.#state, ref, error))
    }
  }

  /** Work that had begun before this process goes on where it was (invariants 3 and 4). */
  takeUpAgain(): void {
    for (const [id, state] of this.#state.steps) {
      const step = this.#parts.plan.steps.get(id)
      if (!step || isSettled(state) || waitsForAnswer(state)) continue
      if (step.definition.foreach) this.#expand(step, scopeOfStep(this.#parts.scope, step))
      else this.decideAgain({ step: id })
    }
  }

  #step(id: string): PlanStep {
    return this.#parts.plan.steps.get(id) as PlanStep
  }
}

/** Starting a foreach, an approval or pure data takes no slot; their items and calls do. */
function takesSlot(step: PlanStep): boolean {
  return !isInstant(step) && !step.definition.foreach && step.definition.action.kind !== 'approval'
}
