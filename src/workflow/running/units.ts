/** The pieces of work that are in flight in a run, and those decided but not yet begun. */
import type { WorkRef } from '../../domain/events.ts'
import type { PlanStep } from '../plan.ts'
import type { Scope } from './scope.ts'
import { isInstant } from './work.ts'

export interface Unit {
  step: PlanStep
  ref: WorkRef
  scope: Scope
  controller: AbortController
}

export class Units {
  readonly #units = new Map<string, Unit>()
  #decided: Unit[] = []
  #slots = 0

  get size(): number {
    return this.#units.size
  }

  /** How many take a slot of `max_concurrency`. */
  get slots(): number {
    return this.#slots
  }

  /** Decides that a piece of work begins at the end of this turn. */
  add(step: PlanStep, ref: WorkRef, scope: Scope): void {
    const unit: Unit = { step, ref, scope, controller: new AbortController() }
    this.#units.set(keyOf(ref), unit)
    this.#decided.push(unit)
    if (!isInstant(step)) this.#slots += 1
  }

  /** What was decided since the last call, to begin now. */
  takeDecided(): Unit[] {
    const decided = this.#decided
    this.#decided = []
    return decided
  }

  remove(ref: WorkRef): void {
    const key = keyOf(ref)
    const unit = this.#units.get(key)
    if (!unit) return
    this.#units.delete(key)
    if (!isInstant(unit.step)) this.#slots -= 1
  }

  /** Aborts all work, or that of one step. */
  abort(reason: Error, step?: string): void {
    for (const unit of this.#units.values()) {
      if (step === undefined || unit.ref.step === step) unit.controller.abort(reason)
    }
  }
}

export function keyOf(ref: WorkRef): string {
  return ref.index === undefined ? ref.step : `${ref.step}[${ref.index}]`
}
