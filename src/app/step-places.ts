/** Where the steps of a run stand in its file, as long as that file still says what the run does. */
import { findWorkflow } from '../workflow/find.ts'
import { loadWorkflowText } from '../workflow/load.ts'
import { readSource } from '../documents/source-text.ts'
import { readYaml } from '../documents/yaml.ts'
import type { App } from './app.ts'

export interface StepPlaces {
  /** Absolute. */
  file: string
  /** Where the id of a step stands, from 1; undefined for a step that the file does not have. */
  of(step: string): { line: number; column: number } | undefined
}

/**
 * `written` is what the workflow was asked for by; without it, the name that the run has is looked for. Undefined when
 * there is no such file any more, or it has changed.
 */
export async function stepPlaces(app: App, runId: string, written?: string): Promise<StepPlaces | undefined> {
  try {
    const record = await (await app.store()).getRun(runId)
    if (!record) return undefined
    const file = await findWorkflow(written ?? record.workflow, app.cwd)
    const source = await readSource(file)
    const outcome = await loadWorkflowText(source, file, app.agents())
    if (!outcome.ok || outcome.workflow.hash !== record.definition_hash) return undefined
    const { places } = readYaml(new TextDecoder().decode(source), file)
    return {
      file,
      of(step) {
        const path = ['steps', 'finally'].map((group) => [group, step]).find((found) => places.has(found))
        if (!path) return undefined
        const { line, column } = places.problem(path, { code: 'step', message: '', at: 'key' })
        return { line, column }
      },
    }
  } catch {
    // It only makes what is shown better.
    return undefined
  }
}
