/** What may be spent, as written → as kept. */
import { z } from 'zod'
import type { AgentBudget, Cap } from '../../domain/budget.ts'
import { defined } from '../../std/defined.ts'
import type { Report } from '../loading.ts'
import { dollars, strict, words } from '../spec-fields.ts'
import type { Path } from '../yaml-places.ts'

const softAndHard = strict(
  'cap',
  {
    soft: dollars('Passing it is warned of.').optional(),
    hard: dollars('What would pass it is refused before it is called.').optional(),
  },
  'Dollars.',
)

/** A number is a hard cap. */
export const capSpec = (description: string) =>
  z
    .union([dollars('The same as `hard`.'), softAndHard], {
      error: 'must be dollars, or a mapping as in `{soft: 8, hard: 10}`',
    })
    .register(...words(description))

export const budgetFields = {
  per_call: capSpec('What one call may cost at most; where another candidate may answer, it does.').optional(),
  day: capSpec('What calls that begin on one day may cost; days are those of UTC.').optional(),
  month: capSpec('What calls that begin in one month may cost; months are those of UTC.').optional(),
}

export const agentBudgetSpec = strict(
  'agent_budget',
  { ...budgetFields, per_run: capSpec('What its calls in one run may cost, nested runs included.').optional() },
  'What calls of this agent may cost, in dollars: in all runs and processes of a state folder together.',
  'must be a mapping, as in `budget: {per_call: 0.10, day: 5}`',
)

export type CapSpec = z.infer<ReturnType<typeof capSpec>>

/** Undefined: nothing is limited. */
export function capOf(written: CapSpec | undefined, path: Path, report: Report): Cap | undefined {
  if (written === undefined) return undefined
  if (typeof written === 'number') return { hard: written }
  const { soft, hard } = written
  if (soft !== undefined && hard !== undefined && soft > hard)
    report([...path, 'soft'], {
      code: 'contradiction',
      message: `\`soft\` (${soft}) must not be more than \`hard\` (${hard}), which comes first then`,
    })
  return soft === undefined && hard === undefined ? undefined : defined({ soft, hard })
}

export function budgetOf(
  written: z.infer<typeof agentBudgetSpec>,
  path: Path,
  report: Report,
): AgentBudget | undefined {
  const budget: AgentBudget = {}
  for (const key of ['per_call', 'per_run', 'day', 'month'] as const) {
    const cap = capOf(written[key], [...path, key], report)
    if (cap) budget[key] = cap
  }
  return Object.keys(budget).length > 0 ? budget : undefined
}
