/** Checks the graph of needs: unknown ones, cycles, and steps that can never run. */
import type { KnownNames } from './check-references.ts'
import type { CompiledStep, StepGroup } from '../planning/compile-step.ts'
import { cyclesOf, layersOf } from '../planning/graph.ts'
import type { Loading } from '../../documents/loading.ts'
import { groupGraph, needsOf } from '../plan.ts'
import type { Path } from '../../documents/yaml-places.ts'

export interface GraphOrder {
  /** Every step after its needs, as far as there are no cycles; then the rest; finally steps last. */
  sequence: string[]
  /** Reports steps that wait for one whose condition is always false. */
  reportUnreachable(constantlyFalse: ReadonlySet<string>): void
}

export function checkGraph(compiled: readonly CompiledStep[], known: KnownNames, loading: Loading): GraphOrder {
  const byId = new Map(compiled.map((step) => [step.id, step]))
  const needs = new Map<string, { id: string; implied: boolean }[]>()
  for (const step of compiled) {
    checkDeclared(step, known, loading)
    // A step that reads itself has been told so already.
    needs.set(
      step.id,
      needsOf(step).filter((need) => byId.has(need.id) && !(need.id === step.id && need.implied)),
    )
  }
  const sequence: string[] = []
  for (const group of ['steps', 'finally'] as const) {
    const ids = compiled.filter((step) => step.group === group).map((step) => step.id)
    const graph = groupGraph(ids, (id) => needs.get(id) ?? [])
    const { order } = layersOf(graph)
    const placed = new Set(order)
    sequence.push(...order.map((node) => ids[node] as string), ...ids.filter((_id, node) => !placed.has(node)))
    if (order.length === ids.length) continue
    for (const cycle of cyclesOf(graph))
      reportCycle(
        cycle.map((node) => byId.get(ids[node] as string) as CompiledStep),
        loading,
      )
  }
  return {
    sequence,
    reportUnreachable(constantlyFalse) {
      const dead = new Set(constantlyFalse)
      for (const id of sequence) {
        const step = byId.get(id) as CompiledStep
        if (dead.has(id) || step.condition?.replacesGate) continue
        const cause = needs.get(id)?.find((need) => dead.has(need.id) && byId.get(need.id)?.group === step.group)
        if (!cause) continue
        dead.add(id)
        const why = constantlyFalse.has(cause.id) ? 'has a condition that is always false' : 'can never run either'
        const hint = `take "${cause.id}" out of what it needs, or give it a condition such as skipped("${cause.id}")`
        loading.report([step.group, id], {
          code: 'unreachable_step',
          message: `step "${id}" can never run: it needs "${cause.id}", which ${why}`,
          hint,
          at: 'key',
        })
      }
    },
  }
}

function checkDeclared(step: CompiledStep, known: KnownNames, loading: Loading): void {
  const { needs } = step.definition
  for (const id of needs) {
    const group: StepGroup | undefined = known.group.get(id)
    const place = (): Path => needPath(step, id, loading)
    if (group === undefined) {
      const hint = loading.didYouMean(id, [...known.group.keys()], 'steps')
      loading.report(place(), { code: 'unknown_step', message: `there is no step "${id}"`, hint })
    } else if (step.group === 'steps' && group === 'finally') {
      loading.report(place(), { code: 'not_upstream', message: `"${id}" runs in \`finally\`, after this step` })
    }
  }
}

/** The entry of `needs` that names a step. */
function needPath(step: CompiledStep, id: string, loading: Loading): Path {
  return loading.places.pathOfItem([step.group, step.id, 'needs'], id)
}

/** More names than this are not written out. */
const shownNames = 8

function reportCycle(cycle: readonly CompiledStep[], loading: Loading): void {
  const [first] = cycle
  if (!first) return
  if (cycle.length === 1) {
    loading.report(needPath(first, first.id, loading), {
      code: 'cycle',
      message: `step "${first.id}" needs itself`,
      hint: 'take it out',
    })
    return
  }
  const names = cycle.map((step) => step.id)
  const shown =
    names.length > shownNames
      ? [...names.slice(0, shownNames - 2), `… (${names.length - shownNames + 1} more)`, names.at(-1)]
      : names
  const second = cycle[1] as CompiledStep
  const need = needsOf(first).find(({ id }) => id === second.id)
  const why = need?.implied ? ` ("${first.id}" reads "${second.id}" in \`${need.via}\`)` : ''
  loading.report(need?.implied ? [first.group, first.id] : needPath(first, second.id, loading), {
    code: 'cycle',
    message: `steps wait for each other: ${[...shown, names[0]].join(' → ')}${why}`,
    hint: 'take one of these needs away',
    at: need?.implied ? 'key' : 'value',
  })
}
