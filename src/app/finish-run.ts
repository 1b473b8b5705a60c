/** Waits for a run that is driven or followed, and puts its files where they are wanted. */
import { resolve } from 'node:path'
import { type Crossing, usdText } from '../domain/budget.ts'
import type { RunEvent } from '../domain/events.ts'
import type { RunResult } from '../domain/run.ts'
import { abortReason } from '../std/abort.ts'
import type { Driving } from '../workflow/engine.ts'
import type { Plan } from '../workflow/plan.ts'
import type { ActionContext, RunOutline } from './action.ts'
import type { App } from './app.ts'
import { exportFiles, withExportedPaths } from './export-files.ts'
import { warnOfOldPrices } from './prices/old-prices.ts'

export interface RunToFinish {
  driving: Driving
  plan: Plan
  earlier?: readonly RunEvent[]
  /** Given for this drive of it. */
  budget_usd?: number | undefined
}

/** An abort of the context's signal leaves the run at once; it stays resumable. */
export async function finishRun(
  app: App,
  { driving, plan, earlier = [], budget_usd }: RunToFinish,
  artifacts: string | undefined,
  context: ActionContext,
): Promise<RunResult> {
  const leave = () => driving.abandon(abortReason(context.signal))
  context.signal.addEventListener('abort', leave, { once: true })
  const unsubscribe = app.subscribe(({ run_id, event }) => {
    const isOwn = run_id === driving.run_id || run_id.startsWith(`${driving.run_id}.`)
    if (isOwn && event.type === 'budget.crossed') context.warn(crossedText(event))
  })
  try {
    context.driving?.({ ...driving, outline: outlineOf(plan), earlier })
    const relies = !driving.following && keepsBudget(plan, earlier, budget_usd)
    // What is wrong with the prices themselves, the calls will say.
    const warned = relies ? warnOfOldPrices(app, plan.definition, context).catch(() => {}) : undefined
    const result = await driving.done
    await warned
    if (artifacts === undefined) return result
    const exported = await exportFiles(app, driving.run_id, resolve(app.cwd, artifacts))
    return withExportedPaths(result, exported)
  } finally {
    unsubscribe()
    context.signal.removeEventListener('abort', leave)
  }
}

function crossedText({ budget, soft_usd, spent_usd }: Crossing): string {
  return `the soft budget (${budget}) of ${usdText(soft_usd)} is passed: ${usdText(spent_usd)} spent and set aside`
}

/** Whether real money is held back by a budget. */
function keepsBudget({ definition }: Plan, earlier: readonly RunEvent[], given: number | undefined): boolean {
  const [created] = earlier
  if (created?.type !== 'run.created' || created.sandbox) return false
  const before = (event: RunEvent) => 'budget_usd' in event && event.budget_usd !== undefined
  return given !== undefined || definition.budget_usd !== undefined || earlier.some(before)
}

export function outlineOf(plan: Plan): RunOutline {
  const steps = [...plan.steps.values()].map(({ id, group, level }) => ({ id, group, level }))
  return { workflow: plan.definition.name, steps }
}
