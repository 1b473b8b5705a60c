/** Which steps fit on the screen, and what is said of the others. */
import type { StepPhase, StepView } from './live-state.ts'

export interface VisibleSteps {
  shown: readonly StepView[]
  /** Of those that are not shown. */
  hidden: readonly { phase: StepPhase; count: number }[]
}

/** What a reader wants to see first. */
const urgency: Record<StepPhase, number> = {
  failed: 0,
  waiting: 1,
  running: 2,
  cancelled: 3,
  pending: 4,
  succeeded: 5,
  skipped: 6,
}
const order: readonly StepPhase[] = ['failed', 'waiting', 'running', 'cancelled', 'succeeded', 'skipped', 'pending']

/** All of them when they fit into `rows`; else the most urgent ones, in their order, and one row is left for the rest. */
export function visibleSteps(steps: readonly StepView[], rows: number): VisibleSteps {
  if (steps.length <= rows) return { shown: steps, hidden: [] }
  const ranked = steps.map((step, at) => ({ step, at }))
  ranked.sort((a, b) => urgency[a.step.phase] - urgency[b.step.phase] || nearness(a) - nearness(b))
  const chosen = new Set(ranked.slice(0, Math.max(1, rows - 1)).map(({ step }) => step))
  const counts = new Map<StepPhase, number>()
  for (const { phase } of steps.filter((step) => !chosen.has(step))) counts.set(phase, (counts.get(phase) ?? 0) + 1)
  return {
    shown: steps.filter((step) => chosen.has(step)),
    hidden: order.flatMap((phase) => {
      const count = counts.get(phase)
      return count === undefined ? [] : [{ phase, count }]
    }),
  }
}

/** Of settled steps the latest, of the others the first. */
function nearness({ step, at }: { step: StepView; at: number }): number {
  return step.phase === 'succeeded' || step.phase === 'skipped' ? -at : at
}
