/** What a workflow comes to, as plainly as rulings 9 to 14 can be said: no queue, no time, one look after another. */
import type { Json } from '../../src/std/json.ts'
import { answerOf, type Condition, finalId, type RandomStep, type RandomWorkflow, stepId } from './random-workflow.ts'

export interface Settled {
  status: 'succeeded' | 'failed' | 'skipped'
  output: Json
  items?: { index: number; status: string; output: Json }[]
}

export interface Expected {
  status: 'succeeded' | 'failed'
  steps: Record<string, Settled>
  /** Every call that is made: step, item and round. */
  calls: string[]
}

const skipped: Settled = { status: 'skipped', output: null }
const failed: Settled = { status: 'failed', output: null }
const succeeded = (output: Json): Settled => ({ status: 'succeeded', output })

export function expectedOf(workflow: RandomWorkflow): Expected {
  const settled: Settled[] = []
  const calls: string[] = []
  // Steps only need earlier ones, so each finds its needs settled.
  for (const [at, step] of workflow.steps.entries()) settled.push(settle(workflow, at, step, settled, calls))
  const steps: Record<string, Settled> = {}
  for (const [at, end] of settled.entries()) steps[stepId(at)] = end
  // Ruling 9.
  const fails = workflow.steps.some((step, at) => settled[at]?.status === 'failed' && !step.continues)
  let status: Expected['status'] = fails ? 'failed' : 'succeeded'
  const seen = status
  for (const [at, final] of workflow.finals.entries()) {
    // Nothing of the run holds them back; a failure of theirs fails the run (ruling 14).
    let end: Settled = skipped
    if (final.onlyAfter === undefined || final.onlyAfter === seen) {
      calls.push(finalId(at))
      const answer = answerOf(workflow, { at: 100 + at })
      end = answer === undefined ? failed : succeeded(answer)
    }
    if (end.status === 'failed' && !final.continues) status = 'failed'
    steps[finalId(at)] = end
  }
  return { status, steps, calls }
}

function settle(
  workflow: RandomWorkflow,
  at: number,
  step: RandomStep,
  before: readonly Settled[],
  calls: string[],
): Settled {
  const { condition, action } = step
  if (!isGateOpen(workflow, step, before)) return skipped
  if (condition) {
    const met = evaluate(condition, before)
    if (met === 'error') return failed
    if (!met) return skipped
  }
  const from = 'from' in action && action.from !== undefined ? (before[action.from]?.output as Json) : 0
  const call = (asked: { index?: number; before?: Json; round?: number }) => {
    calls.push([stepId(at), asked.index, asked.round].filter((part) => part !== undefined).join('/'))
    return answerOf(workflow, { at, from, ...asked })
  }
  switch (action.kind) {
    case 'value':
      return succeeded({ at, from })
    case 'model': {
      const answer = call({})
      return answer === undefined ? failed : succeeded(answer)
    }
    case 'repeat':
      return repeated(action, at, call)
    case 'foreach':
      return forEach(step, action.from === undefined ? Array.from({ length: action.items }, () => 0) : from, call)
  }
}

function isGateOpen(workflow: RandomWorkflow, step: RandomStep, before: readonly Settled[]): boolean {
  // Ruling 11: a function of statuses replaces the whole implicit gate.
  if (step.condition && asksForStatus(step.condition)) return true
  return [...needsOf(step)].every((need) => {
    const status = before[need]?.status
    // Ruling 10: dependents of what continues run.
    return status === 'succeeded' || (status === 'failed' && workflow.steps[need]?.continues)
  })
}

/** Ruling 13. */
function repeated(
  { until, max }: { until: number; max: number },
  at: number,
  call: (asked: { before: Json; round: number }) => number | undefined,
): Settled {
  let output: Json = null
  for (let round = 1; round <= max; round += 1) {
    const answer = call({ before: output, round })
    if (answer === undefined) return failed
    output = answer
    if (answer >= at * 10 + until) return succeeded(output)
  }
  return { status: 'failed', output }
}

/** Ruling 12. */
function forEach(step: RandomStep, list: Json, call: (asked: { index: number }) => number | undefined): Settled {
  const { action } = step
  if (action.kind !== 'foreach' || !Array.isArray(list)) return failed
  const items: NonNullable<Settled['items']> = []
  let hasFailed = false
  for (const index of list.keys()) {
    if (hasFailed && action.failFast) break
    if (action.skips === index) {
      items.push({ index, status: 'skipped', output: null })
      continue
    }
    const answer = call({ index })
    items.push({ index, status: answer === undefined ? 'failed' : 'succeeded', output: answer ?? null })
    if (answer === undefined && !step.continues) hasFailed = true
  }
  if (hasFailed) return { ...failed, items }
  return { status: 'succeeded', output: items.map(({ output }) => output), items }
}

function needsOf(step: RandomStep): Set<number> {
  const needs = new Set(step.needs)
  if ('from' in step.action && step.action.from !== undefined) needs.add(step.action.from)
  const visit = (condition: Condition): void => {
    if ('step' in condition) needs.add(condition.step)
    if (condition.op === 'not') visit(condition.of)
    if (condition.op === 'and' || condition.op === 'or') {
      visit(condition.left)
      visit(condition.right)
    }
  }
  if (step.condition) visit(step.condition)
  return needs
}

function asksForStatus(condition: Condition): boolean {
  if (condition.op === 'not') return asksForStatus(condition.of)
  if (condition.op === 'and' || condition.op === 'or')
    return asksForStatus(condition.left) || asksForStatus(condition.right)
  return condition.op === 'status' || condition.op === 'always'
}

function evaluate(condition: Condition, before: readonly Settled[]): boolean | 'error' {
  switch (condition.op) {
    case 'input':
      return condition.value
    case 'always':
      return true
    case 'status':
      return before[condition.step]?.status === condition.fn
    case 'at_least': {
      const output = before[condition.step]?.output
      return typeof output === 'number' ? output >= condition.least : 'error'
    }
    case 'not': {
      const of = evaluate(condition.of, before)
      return of === 'error' ? of : !of
    }
    default: {
      const left = evaluate(condition.left, before)
      if (left === 'error' || left === (condition.op === 'or')) return left
      return evaluate(condition.right, before)
    }
  }
}
