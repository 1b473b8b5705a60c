/** The files that a workflow is made of: its own, and those of the workflows nested in it. */
import { findWorkflow } from '../workflow/find.ts'
import { loadWorkflow } from '../workflow/load.ts'
import type { App } from './app.ts'

/**
 * Absolute paths, the workflow's own first; those that are named and not there, too. Throws what `findWorkflow` throws.
 */
export async function workflowFiles(app: Pick<App, 'cwd' | 'agents'>, nameOrPath: string): Promise<string[]> {
  const file = await findWorkflow(nameOrPath, app.cwd)
  try {
    return (await loadWorkflow(file, app.agents())).files
  } catch {
    // Gone, or no text at the moment: whoever loads it says so.
    return [file]
  }
}
