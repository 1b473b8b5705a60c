/** Which steps are shown when not all of them fit. */
import { expect, test } from 'vitest'
import { type StepPhase, startLiveState } from './live-state.ts'
import { visibleSteps } from './visible-steps.ts'

function stepsOf(phases: readonly StepPhase[]) {
  const plan = {
    run_id: 'r',
    title: 't',
    steps: phases.map((_, n) => ({ id: `s${n}`, group: 'steps' as const, level: 0 })),
  }
  return [...startLiveState(plan).steps.values()].map((step, n) => ({ ...step, phase: phases[n] as StepPhase }))
}

test('all steps are shown when there is room', () => {
  const steps = stepsOf(['succeeded', 'running', 'pending'])
  expect(visibleSteps(steps, 3)).toEqual({ shown: steps, hidden: [] })
})

test('without room, what failed and what runs comes before what is done or to come, in the order of the plan', () => {
  const steps = stepsOf(['succeeded', 'succeeded', 'running', 'failed', 'pending', 'pending', 'waiting', 'skipped'])
  const { shown, hidden } = visibleSteps(steps, 5)
  expect(shown.map(({ id }) => id)).toEqual(['s2', 's3', 's4', 's6'])
  expect(hidden).toEqual([
    { phase: 'succeeded', count: 2 },
    { phase: 'skipped', count: 1 },
    { phase: 'pending', count: 1 },
  ])
})

test('of finished steps the latest stay', () => {
  const { shown } = visibleSteps(stepsOf(['succeeded', 'succeeded', 'succeeded', 'succeeded']), 3)
  expect(shown.map(({ id }) => id)).toEqual(['s2', 's3'])
})
