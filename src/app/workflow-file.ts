/** A workflow by name or path, loaded and good, or the error that lists everything wrong with it. */
import { ProblemsError } from '../domain/problem.ts'
import { findWorkflow } from '../workflow/find.ts'
import { type LoadedWorkflow, loadWorkflow } from '../workflow/load.ts'
import type { ActionContext } from './action.ts'
import type { App } from './app.ts'

/** Throws what `findWorkflow` and `loadWorkflow` throw, and ProblemsError `invalid_workflow`. Warnings go to the context. */
export async function openWorkflow(
  app: Pick<App, 'cwd' | 'agents'>,
  nameOrPath: string,
  context: Pick<ActionContext, 'warn'>,
): Promise<LoadedWorkflow> {
  const outcome = await loadWorkflow(await findWorkflow(nameOrPath, app.cwd), app.agents())
  if (!outcome.ok) throw new ProblemsError('invalid_workflow', outcome.problems)
  for (const problem of outcome.workflow.warnings)
    context.warn(`${problem.file}:${problem.line}:${problem.column}: ${problem.message}`, problem)
  return outcome.workflow
}
