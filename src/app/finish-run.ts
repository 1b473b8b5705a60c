/** Waits for a run that is driven or followed, and puts its files where they are wanted. */
import { resolve } from 'node:path'
import type { RunEvent } from '../domain/events.ts'
import type { RunResult } from '../domain/run.ts'
import { abortReason } from '../std/abort.ts'
import type { Driving } from '../workflow/engine.ts'
import type { Plan } from '../workflow/plan.ts'
import type { ActionContext, RunOutline } from './action.ts'
import type { App } from './app.ts'
import { exportFiles, withExportedPaths } from './export-files.ts'

/** An abort of the context's signal leaves the run at once; it stays resumable. */
export async function finishRun(
  app: App,
  { driving, plan, earlier = [] }: { driving: Driving; plan: Plan; earlier?: readonly RunEvent[] },
  artifacts: string | undefined,
  context: ActionContext,
): Promise<RunResult> {
  const leave = () => driving.abandon(abortReason(context.signal))
  context.signal.addEventListener('abort', leave, { once: true })
  try {
    context.driving?.({ ...driving, outline: outlineOf(plan), earlier })
    const result = await driving.done
    if (artifacts === undefined) return result
    const exported = await exportFiles(app, driving.run_id, resolve(app.cwd, artifacts))
    return withExportedPaths(result, exported)
  } finally {
    context.signal.removeEventListener('abort', leave)
  }
}

export function outlineOf(plan: Plan): RunOutline {
  const steps = [...plan.steps.values()].map(({ id, group, level }) => ({ id, group, level }))
  return { workflow: plan.definition.name, steps }
}
