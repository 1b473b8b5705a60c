/** What a workflow would do, or a stopped run when it is resumed: step by step, why, for about how much and how long. */
import { z } from 'zod'
import { defined } from '../std/defined.ts'
import type { JsonObject } from '../std/json.ts'
import { explainPlan, type ExplainedStep } from '../workflow/explain.ts'
import type { Plan, PlanStep } from '../workflow/plan.ts'
import { addCost, type RunState } from '../workflow/state.ts'
import { renderTemplate } from '../workflow/template.ts'
import { roundUsd } from '../workflow/view.ts'
import type { App, World } from './app.ts'
import { meansOfModels, type ModelMeans } from './means-of-models.ts'
import { passedBudgets, passedBudgetShape } from './budgets/passed-budgets.ts'
import { candidatesOf } from './prices/candidates-of.ts'
import { oldPriceShape, oldPrices } from './prices/old-prices.ts'

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
  /** Prices behind the estimates that may have changed. */
  old_prices: z.array(oldPriceShape),
  /** Hard budgets that have less left than that. */
  passed_budgets: z.array(passedBudgetShape),
})
export type PlanReport = z.infer<typeof planShape>

/** `inputs`, where they are known, say how long lists are; `budget_usd` is what `--budget` says. */
export async function planReport(
  app: App,
  world: World,
  plan: Plan,
  known: { inputs?: JsonObject; state?: RunState; budget_usd?: number | undefined } = {},
): Promise<PlanReport> {
  const { state } = known
  const meansOf = await meansOfModels(app, world)
  const { mostCost } = await import('../targets/replicate/cost.ts')
  const prices = await app.prices()
  const unit = new Map<string, number | null>()
  const report = await explainPlan(
    plan,
    async (candidate, timeoutMs) => {
      if (candidate.target !== 'replicate') return candidate.price?.usd_per_call ?? 0
      const mean = meansOf(candidate.model).usd
      const usd = mean ?? mostCost(prices.find(candidate)?.rates, candidate.defaults, timeoutMs)
      unit.set(candidate.model, usd)
      return usd
    },
    state,
  )
  const steps = report.steps.map((step) => {
    const planned = plan.steps.get(step.id) as PlanStep
    const items = itemCount(planned, known)
    const one = unit.get(step.model ?? '') ?? null
    const estimate_usd = step.estimate_usd ?? (items === undefined || one === null ? null : one * items)
    return withEstimates({ ...step, estimate_usd }, planned, meansOf, items)
  })
  const open = steps.filter(({ decision }) => decision === 'run' || decision === 'reattach')
  const estimate_usd = open.reduce<number | null>((sum, step) => addCost(sum, step.estimate_usd), 0)
  const money = { spent_usd: state?.spent_usd ?? 0, given_usd: known.budget_usd ?? state?.budget_usd }
  const passed = estimate_usd === null ? [] : passedBudgets(app, world, { ...money, ...plan, estimate_usd })
  return {
    ...defined(report),
    passed_budgets: await passed,
    ...{ steps, estimate_usd: roundUsd(estimate_usd), estimate_ms: slowestPath(plan, steps) },
    old_prices: oldPrices(prices, candidatesOf(plan.definition), app.clock.now()),
  }
}

type ReportedStep = PlanReport['steps'][number]

function withEstimates(
  step: ExplainedStep,
  planned: PlanStep,
  meansOf: (model: string) => ModelMeans,
  items: number | undefined,
): ReportedStep {
  const needs = planned.needs.map(({ id, implied, via }) => ({ id, implied, ...(via !== undefined && { via }) }))
  const reported: ReportedStep = { ...defined(step), needs, estimate_ms: 0 }
  if (step.decision === 'reuse' || step.decision === 'skip') return reported
  if (planned.definition.action.kind === 'workflow') return { ...reported, estimate_ms: null }
  if (step.model === undefined) return reported
  const { ms, usd } = meansOf(step.model)
  const rounds = roundsOf(planned, items)
  reported.estimate_ms = ms === null || rounds === undefined ? null : Math.round(ms * rounds)
  if (step.estimate_usd !== null) reported.basis = usd === null ? 'limit' : 'learned'
  return reported
}

/** Items of a foreach: as expanded, as written, or as the inputs give them; undefined while nobody knows. */
function itemCount(
  planned: PlanStep,
  { inputs, state }: { inputs?: JsonObject; state?: RunState },
): number | undefined {
  const { foreachIn } = planned
  const expanded = state?.steps.get(planned.id)?.count
  if (expanded !== undefined || !foreachIn || !inputs) return expanded
  if (foreachIn.references.some(({ root }) => root !== 'inputs')) return undefined
  try {
    const list = renderTemplate(foreachIn, { inputs }, { now: 0 })
    return Array.isArray(list) ? list.length : undefined
  } catch {
    return undefined
  }
}

/** How often the items of a foreach wait for each other; undefined while their number is not known. */
function roundsOf({ definition: { foreach } }: PlanStep, items: number | undefined): number | undefined {
  if (!foreach) return 1
  return items === undefined ? undefined : Math.ceil(items / Math.max(1, foreach.max_concurrency ?? items))
}

/** Milliseconds of the longest chain of needs; null when a step's time is unknown. */
function slowestPath(plan: Plan, steps: readonly ReportedStep[]): number | null {
  const time = new Map(steps.map((step) => [step.id, step.estimate_ms]))
  const order = [
    ...plan.levels.flat(),
    ...steps
      .filter((step) => step.group === 'finally')
      .toSorted((a, b) => a.level - b.level)
      .map((step) => step.id),
  ]
  const end = new Map<string, number>()
  for (const id of order) {
    const own = time.get(id)
    if (own === null || own === undefined) return null
    const begin = Math.max(0, ...(plan.steps.get(id)?.needs ?? []).map((need) => end.get(need.id) ?? 0))
    end.set(id, begin + own)
  }
  return Math.max(0, ...end.values())
}
