/** What is left of the limits during one evaluation; everything that walks or builds pays here first. */
import { Fault } from './fault.ts'
import type { Limits } from './limits.ts'

export interface Budget {
  readonly limits: Readonly<Limits>
  /** Steps taken so far. */
  steps: number
  /** Characters and elements built so far. */
  built: number
}

export function newBudget(limits: Readonly<Limits>): Budget {
  return { limits, steps: 0, built: 0 }
}

/** One step is a node that is evaluated, or an element that a function looks at. */
export function spend(budget: Budget, steps: number): void {
  budget.steps += steps
  if (budget.steps > budget.limits.steps) {
    throw new Fault(
      'too_many_steps',
      `evaluating this takes more than ${budget.limits.steps} steps`,
      'give it less data, or do this part in a step of its own',
    )
  }
}

/** Text is walked over in blocks: a step per 50 characters. */
export function spendText(budget: Budget, characters: number): void {
  spend(budget, 1 + characters / 50)
}

/** Before a string of that many characters is built. */
export function reserveText(budget: Budget, characters: number): void {
  if (characters > budget.limits.stringLength) {
    throw new Fault('too_long', `the text would have more than ${budget.limits.stringLength} characters`)
  }
  spendText(budget, characters)
  reserve(budget, characters)
}

/** Before a list (or object) of that many elements is built. */
export function reserveList(budget: Budget, elements: number): void {
  if (elements > budget.limits.listLength) {
    throw new Fault('too_long', `the list would have more than ${budget.limits.listLength} elements`)
  }
  spend(budget, elements)
  reserve(budget, elements)
}

function reserve(budget: Budget, size: number): void {
  budget.built += size
  if (budget.built > budget.limits.totalSize) {
    throw new Fault(
      'too_large',
      `the expression builds more than ${budget.limits.totalSize} characters and elements in all`,
    )
  }
}
