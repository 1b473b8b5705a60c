/** A step of a run, by its id and the index of an item, as verbs are given them. */
import { UsageError } from '../domain/errors.ts'
import type { RunEvent } from '../domain/events.ts'
import { suggest } from '../std/suggest.ts'

/** Throws UsageError when nothing happened in such a step, or in such an item of it, or its calls are those of other runs. */
export function assertWorked(runId: string, events: readonly RunEvent[], step: string, index?: number): void {
  assertThere(runId, events, step, index)
  const own = events.filter(
    (event) => 'step' in event && event.step === step && (index === undefined || itemOf(event) === index),
  )
  const [nested, ...more] = own.flatMap((event) => (event.type === 'child.started' ? [event.run_id] : []))
  // A judge is asked in a nested run, too, but by a step that calls.
  if (nested === undefined || own.some(({ type }) => type === 'call.intended')) return
  const others = more.length === 0 ? '' : ` and ${more.length} more`
  throw new UsageError(`step "${step}" ran a workflow, in run ${nested}${others}`, {
    hint: 'name that run, and the step in it',
  })
}

function assertThere(runId: string, events: readonly RunEvent[], step: string, index: number | undefined): void {
  const steps = new Set(events.flatMap((event) => ('step' in event ? [event.step] : [])))
  if (!steps.has(step)) {
    const near = suggest(step, steps)
    const all = steps.size === 0 ? 'no step of it began' : `it did something in ${[...steps].join(', ')}`
    const hint = near === undefined ? all : `did you mean "${near}"?`
    throw new UsageError(`run ${runId} did nothing in a step "${step}"`, { hint })
  }
  if (index === undefined) return
  const items = new Set(events.flatMap((event) => ('step' in event && event.step === step ? [itemOf(event)] : [])))
  items.delete(undefined)
  if (items.has(index)) return
  if (items.size === 0) {
    throw new UsageError(`step "${step}" ran once, and has no item ${index}`, { hint: 'leave out --index' })
  }
  throw new UsageError(`nothing happened in item ${index} of step "${step}"`, {
    hint: `items are counted from 0; something happened in ${items.size} of them, the last one is ${Math.max(...(items as Set<number>))}`,
  })
}

function itemOf(event: RunEvent): number | undefined {
  return 'index' in event ? event.index : undefined
}
