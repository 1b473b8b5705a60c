/** Workflows by name: finding one, and listing them all. */
import { type LoadOptions, loadWorkflow } from './load.ts'
import { compareVersions } from './loading/version.ts'
import { nearestFolder, readCards } from './loading/workflow-folder.ts'

export { findWorkflow } from './loading/workflow-folder.ts'

export interface ListedWorkflow {
  name: string
  version?: string
  description?: string
  file: string
  /** Errors that loading it gives. */
  problems: number
}

/** The workflows of the nearest `workflows/` folder, by name; those with problems too. */
export async function listWorkflows(cwd: string, known: LoadOptions = {}): Promise<ListedWorkflow[]> {
  const folder = await nearestFolder(cwd)
  const listed: ListedWorkflow[] = []
  for (const { stem, name = stem, ...card } of folder === undefined ? [] : await readCards(folder)) {
    listed.push({ name, ...card, problems: await problemsIn(card.file, known) })
  }
  return listed.sort(
    (a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)) || compareVersions(b.version ?? '0', a.version ?? '0'),
  )
}

async function problemsIn(file: string, known: LoadOptions): Promise<number> {
  try {
    const outcome = await loadWorkflow(file, known)
    return outcome.ok ? 0 : outcome.problems.filter((problem) => problem.severity === 'error').length
  } catch {
    return 1
  }
}
