/** The branches of a workflow, and which of them a run took: read from its journal. */
import type { EventOf, RunEvent } from '../../domain/events.ts'
import type { Plan, PlanStep } from '../../workflow/plan.ts'
import { chainOf } from '../../workflow/running/chain.ts'

export const branchKinds = ['step', 'condition', 'until', 'error', 'fallback', 'approval'] as const
export type BranchKind = (typeof branchKinds)[number]

export interface Branch {
  step: string
  kind: BranchKind
  /** Which way of it: `run`, `true`, `false`, `failed`, `used`, `approved`, `rejected`. */
  way: string
  /** What it is when it is missing, after the step's name. */
  missing: string
  /** Where it is written in the workflow's data. */
  path: readonly string[]
}

/** Every way that a run can go at each step, in the order of the definition. */
export function branchesOf(plan: Plan): Branch[] {
  return [...plan.steps.values()].flatMap((step) => [
    ...conditionBranches(step),
    ...untilBranches(step),
    ...handlerBranches(step, plan),
    ...approvalBranches(step),
  ])
}

function conditionBranches({ id, group, condition }: PlanStep): Branch[] {
  const own = [group, id]
  if (!condition) return [{ step: id, kind: 'step', way: 'run', missing: 'was never run', path: own }]
  const { source } = condition.expression
  const branch = (way: 'true' | 'false'): Branch => ({
    ...{ step: id, kind: 'condition', way, path: [...own, 'condition'] },
    missing: `its condition was never ${way}: ${source.trim()}`,
  })
  // What is always true has one way only.
  const constant = /^(always\(\)|true)$/.test(source.trim())
  return constant ? [branch('true')] : [branch('true'), branch('false')]
}

function untilBranches({ id, group, until }: PlanStep): Branch[] {
  if (!until) return []
  return (['true', 'false'] as const).map((way) => ({
    ...{ step: id, kind: 'until', way, path: [group, id, 'repeat', 'until'] },
    missing: `\`until\` was never ${way}: ${until.source.trim()}`,
  }))
}

function handlerBranches(step: PlanStep, plan: Plan): Branch[] {
  const { id, group, definition } = step
  const branches: Branch[] = []
  if (definition.on_error === 'continue') {
    const missing = 'never failed, though `on_error: continue` is there for that'
    branches.push({ step: id, kind: 'error', way: 'failed', missing, path: [group, id, 'on_error'] })
  }
  if (chainOf(plan.definition, step.definition).length > firstChoices(step, plan)) {
    const missing = 'its fallback was never used'
    // The step's own, or its agent's.
    const { action, fallback } = definition
    const isAgents = action.kind === 'agent' && fallback.length === 0
    const path = isAgents ? ['agents', action.agent, 'fallback'] : [group, id, 'fallback']
    branches.push({ step: id, kind: 'fallback', way: 'used', missing, path })
  }
  return branches
}

/** How many of a step's chain are its own models, before fallbacks begin. */
function firstChoices({ definition }: PlanStep, plan: Plan): number {
  const { action } = definition
  const agent = action.kind === 'agent' ? plan.definition.agents[action.agent] : undefined
  return Math.max(1, agent?.models.length ?? 1)
}

function approvalBranches({ id, group, definition }: PlanStep): Branch[] {
  if (definition.action.kind !== 'approval') return []
  return (['approved', 'rejected'] as const).map((way) => ({
    ...{ step: id, kind: 'approval', way, path: [group, id, 'approval'] },
    missing: `was never ${way}`,
  }))
}

/** As the keys of `keyOf`. */
export function takenIn(plan: Plan, events: readonly RunEvent[]): Set<string> {
  const taken = new Set<string>()
  /** Work that has come to the end of a round. */
  const rounds = new Set<string>()
  for (const event of events) {
    const step = 'step' in event ? plan.steps.get(event.step) : undefined
    if (!step || !('step' in event)) continue
    const work = `${step.id} ${'index' in event ? event.index : ''}`
    for (const [kind, way] of waysIn(event, step, plan, rounds.has(work)))
      taken.add(keyOf({ step: step.id, kind, way }))
    if (event.type === 'round.settled') rounds.add(work)
  }
  return taken
}

type Way = [kind: BranchKind, way: string]

/** `hasRound`: the same work has come to the end of a round before. */
function waysIn(event: RunEvent, step: PlanStep, plan: Plan, hasRound: boolean): Way[] {
  switch (event.type) {
    case 'step.started':
      // Of a condition for each item, the start of the whole step says nothing.
      if (step.condition && step.condition.perItem !== (event.index !== undefined)) return []
      return [step.condition ? ['condition', 'true'] : ['step', 'run']]
    case 'round.settled':
      return hasRound ? [['until', 'false']] : []
    case 'call.intended':
      return event.candidate >= firstChoices(step, plan) ? [['fallback', 'used']] : []
    case 'approval.answered':
      return [['approval', event.approved ? 'approved' : 'rejected']]
    case 'step.settled':
      return waysToEnd(event, hasRound)
    default:
      return []
  }
}

function waysToEnd({ status, error, skipped_by }: EventOf<'step.settled'>, hasRound: boolean): Way[] {
  if (skipped_by === 'condition') return [['condition', 'false']]
  if (status === 'succeeded') return hasRound ? [['until', 'true']] : []
  if (status !== 'failed') return []
  const failed: Way = ['error', 'failed']
  // A round that failed came after one that was not the last.
  return hasRound && error?.code !== 'expression_failed' ? [failed, ['until', 'false']] : [failed]
}

export function keyOf({ step, kind, way }: Pick<Branch, 'step' | 'kind' | 'way'>): string {
  return `${step} ${kind} ${way}`
}
