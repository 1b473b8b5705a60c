/** What a workflow would do, or a stopped run when it is resumed: step by step, why, for about how much and how long. */
import { z } from 'zod'
import { defined } from '../std/defined.ts'
import { explainPlan, type ExplainedStep } from '../workflow/explain.ts'
import type { Plan, PlanStep } from '../workflow/plan.ts'
import type { RunState } from '../workflow/state.ts'
import type { App, World } from './app.ts'
import { type Learned, learnedOf, readLearned } from './learned.ts'

export const planShape = z.object({
  workflow: z.string(),
  run_id: z.string().optional(),
  levels: z.array(z.array(z.string())),
  steps: z.array(
    z.object({
      id: z.string(),
      group: z.enum(['steps', 'finally']),
      level: z.number(),
      decision: z.enum(['run', 'reuse', 'reattach', 'skip', 'ask']),
      why: z.string(),
      needs: z.array(z.object({ id: z.string(), implied: z.boolean(), via: z.string().optional() })),
      model: z.string().optional(),
      /** null: unknown. */
      estimate_usd: z.number().nullable(),
      estimate_ms: z.number().nullable(),
      /** `learned`: the mean of earlier calls; `limit`: what a call can cost at most. */
      basis: z.enum(['learned', 'limit']).optional(),
      saved_usd: z.number().nullable().optional(),
    }),
  ),
  /** Of the steps that would run. */
  estimate_usd: z.number().nullable(),
  /** Along the slowest path; answers of people are not counted. */
  estimate_ms: z.number().nullable(),
  saved_usd: z.number().nullable().optional(),
})
export type PlanReport = z.infer<typeof planShape>

export async function planReport(app: App, world: World, plan: Plan, state?: RunState): Promise<PlanReport> {
  const learned = await readLearned(app.home, world)
  const { mostCost, priceFor } = await import('../targets/replicate/prices.ts')
  const prices = await app.prices()
  const report = await explainPlan(
    plan,
    async (candidate) => {
      if (candidate.target !== 'replicate') return candidate.price?.usd_per_call ?? 0
      const known = learnedOf(learned, candidate.model)?.usd
      return known ?? mostCost(priceFor(candidate, prices), candidate.defaults, undefined)
    },
    state,
  )
  const steps = report.steps.map((step) => withTime(step, plan.steps.get(step.id) as PlanStep, learned, state))
  return { ...defined(report), steps, estimate_ms: slowestPath(plan, steps) }
}

type ReportedStep = PlanReport['steps'][number]

function withTime(step: ExplainedStep, planned: PlanStep, learned: Learned, state: RunState | undefined): ReportedStep {
  const known = step.model === undefined ? undefined : learnedOf(learned, step.model)
  const needs = planned.needs.map(({ id, implied, via }) => ({ id, implied, ...(via !== undefined && { via }) }))
  const reported: ReportedStep = { ...defined(step), needs, estimate_ms: 0 }
  if (step.decision === 'reuse' || step.decision === 'skip') return reported
  if (planned.definition.action.kind === 'workflow') return { ...reported, estimate_ms: null }
  if (step.model === undefined) return reported
  const rounds = roundsOf(planned, state)
  const ms = known === undefined || rounds === undefined ? null : Math.round(known.ms * rounds)
  const basis = known?.usd === undefined || known.usd === null ? 'limit' : 'learned'
  return { ...reported, estimate_ms: ms, ...(step.estimate_usd !== null && { basis }) }
}

/** How often the items of a foreach wait for each other; undefined while its length is not known. */
function roundsOf(planned: PlanStep, state: RunState | undefined): number | undefined {
  const { foreach } = planned.definition
  if (!foreach) return 1
  const count = state?.steps.get(planned.id)?.count ?? (Array.isArray(foreach.in) ? foreach.in.length : undefined)
  return count === undefined ? undefined : Math.ceil(count / Math.max(1, foreach.max_concurrency ?? count))
}

/** Milliseconds of the longest chain of needs; null when a step's time is unknown. */
function slowestPath(plan: Plan, steps: readonly ReportedStep[]): number | null {
  const time = new Map(steps.map((step) => [step.id, step.estimate_ms]))
  const order = [...plan.levels.flat(), ...steps.filter((step) => step.group === 'finally').toSorted((a, b) => a.level - b.level).map((step) => step.id)]
  const end = new Map<string, number>()
  for (const id of order) {
    const own = time.get(id)
    if (own === null || own === undefined) return null
    const begin = Math.max(0, ...(plan.steps.get(id)?.needs ?? []).map((need) => end.get(need.id) ?? 0))
    end.set(id, begin + own)
  }
  return Math.max(0, ...end.values())
}
