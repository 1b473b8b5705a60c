import { expect, test } from 'vitest'
import type { PlanReport } from '../../../app/plan-report.ts'
import { planLines } from './plan-lines.ts'
import { styleFor } from './style.ts'

test('a step that needs thousands of others does not make every line as long as all their names', () => {
  const ids = Array.from({ length: 2_000 }, (_, n) => `step_${n}`)
  const step = (id: string, needs: string[]): PlanReport['steps'][number] => ({
    id,
    group: 'steps',
    level: needs.length === 0 ? 0 : 1,
    decision: 'run',
    why: 'it has not run yet',
    needs: needs.map((need) => ({ id: need, implied: false })),
    estimate_usd: 0,
    estimate_ms: 0,
  })
  const steps = [...ids.map((id) => step(id, [])), step('join', ids)]
  const style = styleFor({ write: () => true, isTTY: false }, {})
  const lines = planLines(
    {
      workflow: 'wide',
      levels: [ids, ['join']],
      steps,
      estimate_usd: 0,
      estimate_ms: 0,
      old_prices: [],
      passed_budgets: [],
    },
    { style },
  )
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(200)
  expect(lines.find((line) => line.includes('join'))).toContain('step_7, … (1992 more)')
})
